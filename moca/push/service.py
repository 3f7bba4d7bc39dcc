from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import peewee

from moca.core.push import Push, PushAnswer, PushSubscription, contact_for
from moca.storage.accounts.vault import Vault

if TYPE_CHECKING:
    from moca.push.client import PushClient
    from moca.push.keys import PushKeys


def is_push_installed() -> bool:
    """Return whether the extra that encrypts push messages is installed."""
    return find_spec("pywebpush") is not None


class PushService:
    """Keeps the key and delivers push messages; loads what that needs with the first of them.

    Args:
        database: Holds the key.
        vault: Encrypts it.
        public_url: Of Moca's pages; may be empty.
    """

    def __init__(self, database: peewee.Database, vault: Vault, public_url: str) -> None:
        self._database = database
        self._vault = vault
        self._contact = contact_for(public_url)

    def make_key(self) -> str:
        """Return a new encrypted key.

        Raises:
            WrongEncryptionKey: there is nothing to encrypt it with, and no place to store that.
        """
        return self._keys.make()

    def public_key(self) -> str | None:
        """Return the public key as browsers want it; None if none was made yet.

        Raises:
            WrongEncryptionKey: it was encrypted with another key.
        """
        return self._keys.public()

    def send(self, push: Push, subscription: PushSubscription) -> PushAnswer:
        """Deliver a push message to one browser, blocking.

        Raises:
            WrongEncryptionKey: the key was encrypted with another one.
        """
        return self._client.send(push, subscription)

    @cached_property
    def _keys(self) -> "PushKeys":
        # Cryptography and what pywebpush loads take 40 MB, which few installations need.
        from moca.push.keys import PushKeys  # noqa: PLC0415

        return PushKeys(self._database, self._vault)

    @cached_property
    def _client(self) -> "PushClient":
        from moca.push.client import PushClient  # noqa: PLC0415 - as above

        return PushClient(self._keys.private, self._contact)
