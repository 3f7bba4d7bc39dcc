import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Return the `X-Hub-Signature-256` header that Meta sends with these raw bytes."""
    signing = _keyed(secret).copy()
    signing.update(body)
    return _PREFIX + signing.hexdigest()


def name_of(secret: str) -> str:
    """Return a name for a secret that does not reveal it: the beginning of a hash."""
    return hmac.new(secret.encode(), b"moca secret", hashlib.sha256).hexdigest()[:16]


def signer(body: bytes, header: str | None, secrets: Sequence[str]) -> str | None:
    """Return the secret that signed exactly these bytes; None if none did.

    Every secret is tried, even after a match, so that timing reveals nothing about them. An empty
    secret never matches; without a header or secrets the result is None.
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
    # hmac.digest would release the interpreter's lock for each body, and wait long to regain it.
    return hmac.new(secret.encode(), digestmod="sha256")
