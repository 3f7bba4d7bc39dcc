from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from moca import clock
from moca.core.metrics import Figure, minute_of

_NOTHING = timedelta(0)
_MOST = 2_000
"""Figures held while they cannot be written; what comes beyond them is not counted."""


@dataclass(slots=True)
class _Sum:
    count: int = 0
    total: timedelta = _NOTHING
    longest: timedelta = _NOTHING

    def add(self, count: int, total: timedelta, longest: timedelta) -> None:
        self.count += count
        self.total += total
        self.longest = max(self.longest, longest)


class Minutes:
    """Counts by the minute, until `take` has them written. For any thread; never blocks long."""

    def __init__(self) -> None:
        self._sums: dict[tuple[datetime, str], _Sum] = {}
        self._lock = Lock()

    def note(self, name: str, took: timedelta = _NOTHING, count: int = 1) -> None:
        """Count something that happened now."""
        self._add((minute_of(clock.now()), name), count, took, took)

    def put_back(self, figures: tuple[Figure, ...]) -> None:
        """Count figures again that could not be written."""
        for each in figures:
            self._add((each.minute, each.name), each.count, each.total, each.longest)

    def take(self, before: datetime) -> tuple[Figure, ...]:
        """Hand over the figures of the minutes that began before an instant's own minute."""
        with self._lock:
            over = [key for key in self._sums if key[0] < minute_of(before)]
            return tuple(_figure(key, self._sums.pop(key)) for key in over)

    def held(self) -> tuple[Figure, ...]:
        """Show the figures that are not written yet."""
        with self._lock:
            return tuple(_figure(key, each) for key, each in self._sums.items())

    def _add(
        self, key: tuple[datetime, str], count: int, total: timedelta, longest: timedelta
    ) -> None:
        with self._lock:
            known = self._sums.get(key)
            if known is None and len(self._sums) < _MOST:
                known = self._sums[key] = _Sum()
            if known is not None:
                known.add(count, total, longest)


def _figure(key: tuple[datetime, str], held: _Sum) -> Figure:
    minute, name = key
    return Figure(
        minute=minute, name=name, count=held.count, total=held.total, longest=held.longest
    )
