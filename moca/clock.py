from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time as an aware UTC datetime: the wall clock's, or within `virtual_time` that."""
    return _SOURCES[-1]()


class VirtualTime:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return its current time."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Advance to an instant; a past one changes nothing."""
        self._now = max(self._now, instant)


@contextmanager
def virtual_time(start: datetime) -> Iterator[VirtualTime]:
    """Run the whole process, all its threads, in virtual time; for replays only."""
    time = VirtualTime(start)
    _SOURCES.append(time.now)
    try:
        yield time
    finally:
        _SOURCES.remove(time.now)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


_SOURCES: list[Callable[[], datetime]] = [_wall_clock]
"""The last one is used."""
