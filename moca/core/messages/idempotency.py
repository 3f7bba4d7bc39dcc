from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.messages.command import AwaitedCommand

KEYS_LAST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Identifies a repeated request without storing its caller or its content."""

    key: str
    """A hash of the caller and the request's idempotency key."""
    fingerprint: str
    """A hash of the request, keyed so that it cannot be guessed without the key."""


@dataclass(frozen=True, slots=True)
class KeepAnswer(AwaitedCommand):
    """Store the response to a completed request. Web -> Persistence."""

    request: RequestKey
    status: int
    body: str = field(repr=False)
    """JSON, or the target of a redirect."""
    at: datetime


@dataclass(frozen=True, slots=True)
class KeyReused:
    """Receipt value: the key was used before with a different request."""
