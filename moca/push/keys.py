import base64
from typing import Protocol

import peewee
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from moca.storage.queries.team.push import sealed_push_key


class SecretVault(Protocol):
    """Encrypts secrets for storage; both raise `WrongEncryptionKey` if that is impossible."""

    def seal(self, token: str) -> str:
        """Return the encrypted secret."""

    def open(self, sealed: str) -> str:
        """Return the decrypted secret."""


class PushKeys:
    """The key by which push services recognize Moca (VAPID, RFC 8292).

    It is made at first use and kept in the database, encrypted as access tokens are, so that all
    nodes have the same. Thread-safe.
    """

    def __init__(self, database: peewee.Database, vault: SecretVault) -> None:
        self._database = database
        self._vault = vault

    def make(self) -> str:
        """Return a new encrypted key.

        Raises:
            WrongEncryptionKey: there is nothing to encrypt it with, and no place to store that.
        """
        made = ec.generate_private_key(ec.SECP256R1())
        secret = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return self._vault.seal(base64.b64encode(secret).decode())

    def private(self) -> ec.EllipticCurvePrivateKey | None:
        """Return the key; None if none was made yet.

        Raises:
            WrongEncryptionKey: it was encrypted with another key.
        """
        with self._database.connection_context():
            sealed = sealed_push_key()
        if sealed is None:
            return None
        key = load_der_private_key(base64.b64decode(self._vault.open(sealed)), None)
        return key if isinstance(key, ec.EllipticCurvePrivateKey) else None

    def public(self) -> str | None:
        """Return the public key as browsers want it; None if none was made yet.

        Raises:
            WrongEncryptionKey: it was encrypted with another key.
        """
        key = self.private()
        if key is None:
            return None
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).decode().rstrip("=")
