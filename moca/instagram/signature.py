import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Make the `X-Hub-Signature-256` header that Meta sends with these raw bytes."""
    return _PREFIX + hmac.digest(secret.encode(), body, "sha256").hex()


def name_of(secret: str) -> str:
    """Name a secret so that nobody learns it: the beginning of a hash."""
    return hmac.new(secret.encode(), b"moca secret", hashlib.sha256).hexdigest()[:16]


def signer(body: bytes, header: str | None, secrets: Sequence[str]) -> str | None:
    """Give the secret that made the header for exactly these bytes; None where none did.

    Every secret is tried, whichever fits, so that the time taken tells nothing about them.
    An empty secret fits nothing; no header or no secret means none.
    """
    shown = (header or "").encode("utf-8", "surrogateescape")
    verdicts = [
        secret
        for secret in secrets
        if hmac.compare_digest(sign(body, secret).encode(), shown) and secret
    ]
    return verdicts[0] if verdicts else None
