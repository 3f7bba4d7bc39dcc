import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ValidationError

from moca.instagram.ids import read_id

_MAX_LENGTH = 16_384
_OLDEST = timedelta(days=1)
_CLOCKS_APART = timedelta(minutes=5)


class SignedRequest(BaseModel):
    """Meta's statement about a user of the app."""

    algorithm: Literal["HMAC-SHA256"]
    user_id: Annotated[str, BeforeValidator(read_id)]
    issued_at: int


def read_signed_request(text: str, secrets: Sequence[str], now: datetime) -> SignedRequest | None:
    """Read a `signed_request` recently signed with one of the secrets; None for anything else.

    One that was signed long ago may be a replayed copy.

    Every secret is tried, even after a match, so that timing reveals nothing about them.
    """
    signature, dot, payload = text.partition(".")
    if not dot or len(text) > _MAX_LENGTH or not text.isascii():
        return None
    try:
        given, body = _decoded(signature), _decoded(payload)
    except ValueError:
        return None
    verdicts = [
        hmac.compare_digest(_signature(payload, secret), given) for secret in secrets if secret
    ]
    read = _read(body) if any(verdicts) else None
    return read if read is not None and _is_of_late(read, now) else None


def _is_of_late(signed: SignedRequest, now: datetime) -> bool:
    age_seconds = now.timestamp() - signed.issued_at
    return -_CLOCKS_APART.total_seconds() <= age_seconds <= _OLDEST.total_seconds()


def _signature(payload: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()


def _read(body: bytes) -> SignedRequest | None:
    try:
        return SignedRequest.model_validate_json(body)
    except ValidationError:
        return None


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
