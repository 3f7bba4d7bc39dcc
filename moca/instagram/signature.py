import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Make the `X-Hub-Signature-256` header that Meta sends with these raw bytes."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Tell whether one of the secrets made the header for exactly these bytes.

    Every secret is tried, whichever fits, so that the time taken tells nothing about them.
    An empty secret fits nothing; no header or no secret means no.
    """
    shown = (header or "").encode("utf-8", "surrogateescape")
    verdicts = [
        hmac.compare_digest(sign(body, secret).encode(), shown) for secret in secrets if secret
    ]
    return any(verdicts)
