from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How often something happened within a minute, and how long it took where that is known."""

    minute: datetime
    """When the minute began."""
    name: str
    """Such as `ack`, `reply` or `call.throttled`; never a person's id or text."""
    count: int
    total: timedelta = timedelta(0)
    """Of all of them together."""
    longest: timedelta = timedelta(0)


def minute_of(at: datetime) -> datetime:
    """Tell when an instant's minute began."""
    return at.replace(second=0, microsecond=0)
