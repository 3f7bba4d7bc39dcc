import secrets

import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Table

LOG_KEY = "log"
"""The secret with which contacts are hashed in logs."""

_BYTES = 32


class KeptSecret(Table):
    """A secret that Moca generated for itself, the same for all nodes that share the database."""

    name = peewee.CharField(primary_key=True)
    value = peewee.BlobField()

    class Meta:
        table_name = "kept_secret"


class SignatureCheck(Table):
    """When a secret last signed a webhook; stored by its hash, or "none" if no known one did."""

    secret = peewee.CharField(primary_key=True)
    last_at = InstantField()

    class Meta:
        table_name = "signing"


def keep_secret(name: str) -> bytes:
    """Return the secret of this name, generating it on first use."""
    made = KeptSecret.insert(name=name, value=secrets.token_bytes(_BYTES))
    made.on_conflict_ignore().execute()
    query = KeptSecret.select(KeptSecret.value).where(KeptSecret.name == name)
    ((value,),) = read_rows(query)
    return bytes(value)
