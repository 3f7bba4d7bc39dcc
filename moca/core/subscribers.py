import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from moca.core.feed import FeedKind
from moca.core.outbox.call_results import backoff

MAX_SUBSCRIBERS = 20
MAX_DELIVERY_ATTEMPTS = 24
"""After these, within some hour and a half, an event is set aside for its subscriber."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - begins every secret, as Standard Webhooks has it
MAX_URL_LENGTH = 1000
_LEAST_SECRET_BYTES, _MOST_SECRET_BYTES = 24, 64


class FeedDeliveryStatus(StrEnum):
    """What became of an event that was to be delivered."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It was set aside after its last attempt."""
    QUEUED = "queued"
    """It was set aside, and is to be delivered once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A program that is sent the feed's events."""

    id: int
    name: str
    url: str = field(repr=False)
    sealed_secret: str = field(repr=False)
    kinds: tuple[FeedKind, ...]
    """Empty for all."""
    has_texts: bool
    cursor: int
    """The last event that was delivered, set aside or left out."""
    attempts: int
    """The failed attempts to deliver the next one."""
    due_at: datetime | None
    """When it is tried again; None if nothing is in its way, or while it is paused."""
    fault: str
    """Why the last attempt failed; empty if it did not."""
    is_paused: bool
    created_at: datetime


def signature_of(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature` by Standard Webhooks.

    Raises:
        ValueError: The secret is not valid.
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(_secret_bytes(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def secret_fault(secret: str) -> str:
    """Return why a secret cannot sign, or an empty string."""
    try:
        length = len(_secret_bytes(secret))
    except ValueError:
        length = 0
    if _LEAST_SECRET_BYTES <= length <= _MOST_SECRET_BYTES:
        return ""
    span = f"{_LEAST_SECRET_BYTES} to {_MOST_SECRET_BYTES}"
    return f"must be {SECRET_PREFIX} and {span} bytes in base64"


def url_fault(url: str, *, allows_private: bool) -> str:
    """Return why no events can be sent to a URL, or an empty string.

    What its host stands for is checked as it is called.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"must not be longer than {MAX_URL_LENGTH} characters"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "must be an ASCII URL"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be a URL"
    schemes = {"https", "http"} if allows_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or port == 0:
        return f"must be a URL with {' or '.join(sorted(schemes))} and a host, without a user"
    return ""


def retry_at(attempt: int, now: datetime) -> datetime | None:
    """Return when to try again after this attempt, from 1; None for never."""
    return now + backoff(attempt, 1.0) if attempt < MAX_DELIVERY_ATTEMPTS else None


def _secret_bytes(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
