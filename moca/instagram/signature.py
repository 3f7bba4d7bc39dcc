import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Make the `X-Hub-Signature-256` header that Meta sends with these raw bytes."""
    signing = _keyed(secret).copy()
    signing.update(body)
    return _PREFIX + signing.hexdigest()


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


@lru_cache(maxsize=16)
def _keyed(secret: str) -> hmac.HMAC:
    # hmac.digest would let the interpreter's lock go for each body, and wait long to have it back.
    return hmac.new(secret.encode(), digestmod="sha256")
