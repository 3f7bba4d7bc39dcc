from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

_SPAN = timedelta(minutes=15)
_REMEMBERED = 10_000


class Throttle:
    """Counts failures by name within a quarter of an hour; the oldest names are forgotten first.

    For any thread.
    """

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()

    def free_at(self, name: str, now: datetime) -> datetime:
        """Tell when one more try is allowed."""
        with self._lock:
            recent = self._recent(name, now)
            return recent[-self._allowed] + _SPAN if len(recent) >= self._allowed else now

    def fail(self, name: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            self._failures[name] = [*self._recent(name, now), now][-self._allowed :]
            self._failures.move_to_end(name)
            if len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def _recent(self, name: str, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(name, ()) if now - at < _SPAN]
