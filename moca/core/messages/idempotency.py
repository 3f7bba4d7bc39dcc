from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.messages.receipt import Receipt

KEYS_LAST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a request the same as an earlier one, without naming its caller or its words."""

    key: str
    """A hash of the caller and the key that the request came with."""
    fingerprint: str
    """A hash of what was asked; made with the key, so that it cannot be guessed without it."""


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Keep the answer to a request that was carried out. Web -> Supervisor -> Persistence."""

    request: RequestKey
    status: int
    body: str = field(repr=False)
    """JSON, or where a redirect leads."""
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeyReused:
    """A receipt's answer: the key came with another request before."""
