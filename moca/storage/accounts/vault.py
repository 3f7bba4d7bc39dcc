import base64
import secrets
from collections.abc import Sequence
from pathlib import Path

from moca.core.accounts import WrongEncryptionKey
from moca.storage.db.private_file import create_private, path_beside

_KEY_BYTES = 32
_HINT = "use 32 bytes in URL-safe base64, as printed by `openssl rand -base64 32 | tr '+/' '-_'`"
_SET_ONE = f"instagram.token_key must be set: {_HINT}"


class Vault:
    """Encrypts access tokens for storage and decrypts them. Thread-safe.

    The keys are those in the settings, separated by commas: the first encrypts, all of them
    decrypt. Without any, the key is in a file beside a SQLite database, created with the first
    token and readable by its owner only. While the file exists, it also decrypts beside the keys in
    the settings.
    """

    def __init__(self, keys: str, database_url: str) -> None:
        self._keys = tuple(stripped for key in keys.split(",") if (stripped := key.strip()))
        self._path = path_beside(database_url, ".key")

    @property
    def origin(self) -> str:
        """Where the key is: a setting or a path."""
        return "instagram.token_key" if self._keys or self._path is None else str(self._path)

    def seal(self, token: str) -> str:
        """Return the encrypted token.

        Raises:
            WrongEncryptionKey: there is no key and no place to store one.
        """
        # Cryptography takes 7 MB, which only installations with a connected account need.
        from moca.storage.accounts.encryption import seal  # noqa: PLC0415

        keys = self._keys or (self._made(),)
        try:
            return seal(keys, token)
        except ValueError:
            raise self._no_key() from None

    def open(self, sealed: str) -> str:
        """Return the decrypted token.

        Raises:
            WrongEncryptionKey: it was encrypted with another key, or the key is gone.
        """
        token = self._unsealed(self._all_keys(), sealed)
        if token is None:
            raise WrongEncryptionKey(
                f"{self.origin} is not the key with which the access tokens were sealed; "
                "bring that one back, or connect the accounts again"
            )
        return token

    def resealed(self, sealed: str) -> str | None:
        """Encrypt a token with the first key if an older one was used; None if the first one was.

        Raises:
            WrongEncryptionKey: none of the keys decrypts it.
        """
        newest = self._all_keys()[:1]
        return None if self._unsealed(newest, sealed) is not None else self.seal(self.open(sealed))

    def _unsealed(self, keys: Sequence[str | bytes], sealed: str) -> str | None:
        from moca.storage.accounts.encryption import unseal  # noqa: PLC0415 - as above

        try:
            return unseal(keys, sealed)
        except ValueError:
            raise self._no_key() from None

    def _all_keys(self) -> tuple[str | bytes, ...]:
        if not self._keys:
            return (self._found(),)
        has_file = self._path is not None and self._path.exists()
        return (*self._keys, self._found()) if has_file else self._keys

    def _no_key(self) -> WrongEncryptionKey:
        return WrongEncryptionKey(f"{self.origin} is not a valid key: {_HINT}")

    def _made(self) -> bytes:
        made = base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES))
        try:
            return create_private(self._required(), made)
        except OSError as error:
            raise WrongEncryptionKey(
                f"{self._path} cannot be created ({error}); {_SET_ONE}"
            ) from None

    def _found(self) -> bytes:
        try:
            return self._required().read_bytes().strip()
        except OSError as error:
            raise WrongEncryptionKey(f"{self._path} cannot be read ({error}); restore it") from None

    def _required(self) -> Path:
        if self._path is None:
            raise WrongEncryptionKey(f"with this database {_SET_ONE}")
        return self._path
