import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ValidationError

from moca.instagram.ids import read_id

_LONGEST = 16_384
_OLDEST = timedelta(days=1)
_CLOCKS_APART = timedelta(minutes=5)


class SignedRequest(BaseModel):
    """What Meta says of a person with whom the app had to do."""

    algorithm: Literal["HMAC-SHA256"]
    user_id: Annotated[str, BeforeValidator(read_id)]
    issued_at: int


def read_signed_request(text: str, secrets: Sequence[str], now: datetime) -> SignedRequest | None:
    """Read a `signed_request` that one of the secrets signed lately; None for anything else.

    One that was signed long ago is a copy that somebody kept and sends again.

    Every secret is tried, whichever fits, so that the time taken tells nothing about them.
    """
    signature, dot, payload = text.partition(".")
    if not dot or len(text) > _LONGEST or not text.isascii():
        return None
    try:
        shown, told = _decoded(signature), _decoded(payload)
    except ValueError:
        return None
    verdicts = [
        hmac.compare_digest(_signature(payload, secret), shown) for secret in secrets if secret
    ]
    read = _read(told) if any(verdicts) else None
    return read if read is not None and _is_of_late(read, now) else None


def _is_of_late(signed: SignedRequest, now: datetime) -> bool:
    age_seconds = now.timestamp() - signed.issued_at
    return -_CLOCKS_APART.total_seconds() <= age_seconds <= _OLDEST.total_seconds()


def _signature(payload: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()


def _read(told: bytes) -> SignedRequest | None:
    try:
        return SignedRequest.model_validate_json(told)
    except ValidationError:
        return None


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
