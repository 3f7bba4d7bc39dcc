from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How often something happened within a minute, and how long it took if known."""

    minute: datetime
    """The start of the minute."""
    name: str
    """For example `ack`, `reply` or `call.throttled`; never a contact's id or text."""
    account_id: str = ""
    """Empty for the count of all accounts, which includes what is also counted for one."""
    count: int
    total: timedelta = timedelta(0)
    """The total duration of all of them."""
    longest: timedelta = timedelta(0)


def minute_of(at: datetime) -> datetime:
    """Return the start of the minute."""
    return at.replace(second=0, microsecond=0)
