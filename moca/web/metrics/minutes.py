from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from moca import clock
from moca.core.metrics import Metric, minute_of

_NOTHING = timedelta(0)
_MAX_MINUTES = 2_000
"""Metrics held while they cannot be written; anything beyond is not counted."""


@dataclass(slots=True)
class _Sum:
    count: int = 0
    total: timedelta = _NOTHING
    longest: timedelta = _NOTHING

    def add(self, count: int, total: timedelta, longest: timedelta) -> None:
        self.count += count
        self.total += total
        self.longest = max(self.longest, longest)


class MinuteMetrics:
    """Counts by the minute, until `take` returns them for storage. Thread-safe and fast."""

    def __init__(self) -> None:
        self._sums: dict[tuple[datetime, str], _Sum] = {}
        self._lock = Lock()

    def note(self, name: str, took: timedelta = _NOTHING, count: int = 1) -> None:
        """Count something that happened now."""
        self._add((minute_of(clock.now()), name), count, took, took)

    def put_back(self, metrics: tuple[Metric, ...]) -> None:
        """Count metrics again that could not be written."""
        for each in metrics:
            self._add((each.minute, each.name), each.count, each.total, each.longest)

    def take(self, before: datetime) -> tuple[Metric, ...]:
        """Remove and return the metrics of all minutes before the instant's own minute."""
        with self._lock:
            over = [key for key in self._sums if key[0] < minute_of(before)]
            return tuple(_metric(key, self._sums.pop(key)) for key in over)

    def held(self) -> tuple[Metric, ...]:
        """Return the metrics that are not written yet."""
        with self._lock:
            return tuple(_metric(key, each) for key, each in self._sums.items())

    def _add(
        self, key: tuple[datetime, str], count: int, total: timedelta, longest: timedelta
    ) -> None:
        with self._lock:
            known = self._sums.get(key)
            if known is None and len(self._sums) < _MAX_MINUTES:
                known = self._sums[key] = _Sum()
            if known is not None:
                known.add(count, total, longest)


def _metric(key: tuple[datetime, str], held: _Sum) -> Metric:
    minute, name = key
    return Metric(
        minute=minute, name=name, count=held.count, total=held.total, longest=held.longest
    )
