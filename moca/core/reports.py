from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Measure(StrEnum):
    """What reports count, hour by hour."""

    FIRST_REPLY = "first_reply"
    """A teammate replied to a contact who waited for the team; the span is the wait."""
    REPLIED = "replied"
    """A teammate replied in a conversation for the first time within a day."""
    RESOLVED = "resolved"
    """A conversation was closed; the span is the time since it began."""
    RESOLVED_BY_BOT = "resolved_by_bot"
    """A closed conversation in which no teammate took part."""
    HANDED_OVER = "handed_over"
    """The bot handed a conversation over; the subject is its reason."""


@dataclass(frozen=True, slots=True)
class ReportEvent:
    """Something that reports count."""

    account_id: str
    at: datetime
    measure: Measure
    subject: str = ""
    """A teammate's name if known, or a reason."""
    span: timedelta = timedelta(0)


_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1_440, 4_320, 10_080)
_BOUNDS = tuple(timedelta(minutes=each) for each in _MINUTES)


def bucket_of(span: timedelta) -> int:
    """Return the number of the bucket that a span is counted in."""
    return bisect_right(_BOUNDS, span)


def median_of(buckets: Mapping[int, int]) -> timedelta | None:
    """Return the median of counts by bucket, interpolated within its bucket; None without counts.

    What is beyond the last bound counts as that bound.
    """
    total, below = sum(buckets.values()), 0
    for bucket, count in sorted(buckets.items()):
        if below + count >= total / 2 and count:
            since = _BOUNDS[bucket - 1] if bucket else timedelta(0)
            until = _BOUNDS[min(bucket, len(_BOUNDS) - 1)]
            return since + (until - since) * ((total / 2 - below) / count)
        below += count
    return None
