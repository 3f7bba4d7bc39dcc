import base64
import secrets
from collections.abc import Sequence
from pathlib import Path

from moca.core.accounts import WrongKey
from moca.storage.db.private_file import create_private, path_beside

_KEY_BYTES = 32
_HINT = "it is 32 bytes in URL-safe base64, as `openssl rand -base64 32 | tr '+/' '-_'` prints"
_SET_ONE = f"instagram.token_key must be set: {_HINT}"


class Vault:
    """Seals access tokens before they are written, and opens them again. For any thread.

    The keys are those of the settings, comma-separated: the first seals, all of them open. Without
    one, the key is that of a file beside a SQLite database, made with the first token and readable
    by its owner only; it opens beside those of the settings too, while the file is there.
    """

    def __init__(self, keys: str, database_url: str) -> None:
        self._keys = tuple(stripped for key in keys.split(",") if (stripped := key.strip()))
        self._path = path_beside(database_url, ".key")

    @property
    def origin(self) -> str:
        """Where the key is."""
        return "instagram.token_key" if self._keys or self._path is None else str(self._path)

    def seal(self, token: str) -> str:
        """Make what may be written.

        Raises:
            WrongKey: there is no key and no place to keep one.
        """
        # Cryptography takes 7 MB, for which only who connected an account has a use.
        from moca.storage.accounts.encryption import seal  # noqa: PLC0415

        keys = self._keys or (self._made(),)
        try:
            return seal(keys, token)
        except ValueError:
            raise self._no_key() from None

    def open(self, sealed: str) -> str:
        """Give the token back.

        Raises:
            WrongKey: it was sealed with another key, or the key is gone.
        """
        token = self._unsealed(self._all_keys(), sealed)
        if token is None:
            raise WrongKey(
                f"{self.origin} is not the key with which the access tokens were sealed; "
                "bring that one back, or connect the accounts again"
            )
        return token

    def resealed(self, sealed: str) -> str | None:
        """Seal with the first key what an older one sealed; None if the first one did.

        Raises:
            WrongKey: none of the keys opens it.
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
        kept = self._path is not None and self._path.exists()
        return (*self._keys, self._found()) if kept else self._keys

    def _no_key(self) -> WrongKey:
        return WrongKey(f"{self.origin} is no key: {_HINT}")

    def _made(self) -> bytes:
        made = base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES))
        try:
            return create_private(self._required(), made)
        except OSError as error:
            raise WrongKey(f"{self._path} cannot be made ({error}); {_SET_ONE}") from None

    def _found(self) -> bytes:
        try:
            return self._required().read_bytes().strip()
        except OSError as error:
            raise WrongKey(f"{self._path} cannot be read ({error}); bring it back") from None

    def _required(self) -> Path:
        if self._path is None:
            raise WrongKey(f"with this database {_SET_ONE}")
        return self._path
