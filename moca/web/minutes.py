from datetime import datetime, timedelta
from threading import Lock

from moca import clock
from moca.core.figures import Figure, minute_of

_NOTHING = timedelta(0)
_MOST = 2_000
"""Figures held while they cannot be written; what comes beyond them is not counted."""


class Minutes:
    """Counts by the minute, until `take` has them written. For any thread; never blocks long."""

    def __init__(self) -> None:
        self._figures: dict[tuple[datetime, str], Figure] = {}
        self._lock = Lock()

    def note(self, name: str, took: timedelta = _NOTHING, count: int = 1) -> None:
        """Count something that happened now."""
        figure = Figure(
            minute=minute_of(clock.now()), name=name, count=count, total=took, longest=took
        )
        self.put_back((figure,))

    def put_back(self, figures: tuple[Figure, ...]) -> None:
        """Count figures again that could not be written."""
        with self._lock:
            for each in figures:
                key = (each.minute, each.name)
                if key in self._figures or len(self._figures) < _MOST:
                    self._figures[key] = _sum(self._figures.get(key), each)

    def take(self, before: datetime) -> tuple[Figure, ...]:
        """Hand over the figures of the minutes that began before an instant's own minute."""
        with self._lock:
            over = [key for key in self._figures if key[0] < minute_of(before)]
            return tuple(self._figures.pop(key) for key in over)

    def held(self) -> tuple[Figure, ...]:
        """Show the figures that are not written yet."""
        with self._lock:
            return tuple(self._figures.values())


def _sum(one: Figure | None, other: Figure) -> Figure:
    if one is None:
        return other
    return Figure(
        minute=one.minute,
        name=one.name,
        count=one.count + other.count,
        total=one.total + other.total,
        longest=max(one.longest, other.longest),
    )
