from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from moca import clock
from moca.core.metrics import MINUTE, Metric, minute_of

_NOTHING = timedelta(0)
_MAX_SUMS = 10_000
"""Metrics held while they cannot be written; anything beyond is not counted."""
_MAX_ACCOUNT_SUMS = 8_000
"""Beyond this, no more are counted by account, so that there is room for those of all."""
_Key = tuple[datetime, str, str]


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
        self._sums: dict[_Key, _Sum] = {}
        self._minute = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def note(
        self, name: str, took: timedelta = _NOTHING, count: int = 1, account_id: str = ""
    ) -> None:
        """Count something that happened now; with an account, for it too."""
        now = clock.now()
        with self._lock:
            minute = self._minute_of(now)
            self._add((minute, name, ""), count, took, took)
            if account_id:
                self._add((minute, name, account_id), count, took, took)

    def put_back(self, metrics: tuple[Metric, ...]) -> None:
        """Count metrics again that could not be written."""
        with self._lock:
            for each in metrics:
                key = each.minute, each.name, each.account_id
                self._add(key, each.count, each.total, each.longest)

    def take(self, before: datetime) -> tuple[Metric, ...]:
        """Remove and return the metrics of all minutes before the instant's own minute."""
        with self._lock:
            over = [key for key in self._sums if key[0] < minute_of(before)]
            return tuple(_metric(key, self._sums.pop(key)) for key in over)

    def held(self) -> tuple[Metric, ...]:
        """Return the metrics that are not written yet."""
        with self._lock:
            return tuple(_metric(key, each) for key, each in self._sums.items())

    def _minute_of(self, now: datetime) -> datetime:
        # The same object within a minute: an instant's hash is slow, and only computed once.
        if not _NOTHING <= now - self._minute < MINUTE:
            self._minute = minute_of(now)
        return self._minute

    def _add(self, key: _Key, count: int, total: timedelta, longest: timedelta) -> None:
        known = self._sums.get(key)
        if known is None:
            room = _MAX_ACCOUNT_SUMS if key[-1] else _MAX_SUMS
            if len(self._sums) >= room:
                return
            known = self._sums[key] = _Sum()
        known.add(count, total, longest)


def _metric(key: _Key, held: _Sum) -> Metric:
    minute, name, account_id = key
    return Metric(
        minute=minute,
        name=name,
        account_id=account_id,
        count=held.count,
        total=held.total,
        longest=held.longest,
    )
