from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def now() -> datetime:
    """Tell the time as an aware UTC instant: the wall clock's, or within `virtual_time` that."""
    return _SOURCES[-1]()


class VirtualTime:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Tell where it stands."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Go on to an instant; one that is past moves nothing."""
        self._now = max(self._now, instant)


@contextmanager
def virtual_time(start: datetime) -> Iterator[VirtualTime]:
    """Have the whole process, all its threads, live in a time of its own; for a replay alone."""
    time = VirtualTime(start)
    _SOURCES.append(time.now)
    try:
        yield time
    finally:
        _SOURCES.remove(time.now)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


_SOURCES: list[Callable[[], datetime]] = [_wall_clock]
"""The last one is asked."""
