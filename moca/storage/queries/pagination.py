from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

Record = TypeVar("Record")
Key = tuple[int, ...]
"""Where a page ends: the sort columns of its last row, as stored."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """A page of a list, with the key after which the next one starts; None at the end."""

    items: tuple[Record, ...]
    next_key: Key | None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def microseconds_of(at: datetime) -> int:
    """Return an instant as microseconds since 1970, as stored."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """Return the instant of a stored value; values beyond the calendar return its end."""
    return min(
        _EPOCH + timedelta(microseconds=min(microseconds, microseconds_of(_LATEST))), _LATEST
    )
