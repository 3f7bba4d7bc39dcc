from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

Record = TypeVar("Record")
Key = tuple[int, ...]
"""Where a list goes on: the sort columns of the last row shown, as the database holds them."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """A stretch of a list, and the key after which the next one starts; None at the end."""

    items: tuple[Record, ...]
    next_key: Key | None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def microseconds_of(at: datetime) -> int:
    """Write an instant as whole microseconds since 1970, as the database holds it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """Read it back; what lies beyond the calendar is taken for its end."""
    return min(
        _EPOCH + timedelta(microseconds=min(microseconds, microseconds_of(_LATEST))), _LATEST
    )
