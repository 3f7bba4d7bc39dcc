import secrets
from typing import Any

import peewee

from moca.storage.db.tables import Table

LOG_KEY = "log"
"""By which contacts are hashed in logs."""

_BYTES = 32


class KeptSecret(Table):
    """A secret that Moca made for itself, the same for all nodes that share the database."""

    name = peewee.CharField(primary_key=True)
    value = peewee.BlobField()

    class Meta:
        table_name = "kept_secret"


def keep_secret(name: str) -> bytes:
    """Return the secret of this name, which is made the first time."""
    made: Any = KeptSecret.insert(name=name, value=secrets.token_bytes(_BYTES))
    made.on_conflict_ignore().execute()
    query: Any = KeptSecret.select(KeptSecret.value).where(KeptSecret.name == name)
    ((value,),) = query.tuples()
    return bytes(value)
