from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

_SPAN = timedelta(minutes=15)
_REMEMBERED = 10_000


class Throttle:
    """Counts tries by name within a quarter of an hour; the oldest names are forgotten first.

    A try counts from its beginning: many at once are no more than as many one after the other.
    For any thread.
    """

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._tries: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()

    def begin(self, name: str, now: datetime) -> datetime:
        """Count a try and give this instant; or, where there were too many, when one is allowed."""
        with self._lock:
            recent = [at for at in self._tries.get(name, ()) if now - at < _SPAN]
            if len(recent) >= self._allowed:
                return recent[0] + _SPAN
            self._tries[name] = [*recent, now]
            self._tries.move_to_end(name)
            if len(self._tries) > _REMEMBERED:
                self._tries.popitem(last=False)
            return now

    def take_back(self, name: str, begun_at: datetime) -> None:
        """Count a try no longer: it was right."""
        with self._lock:
            tries = self._tries.get(name, [])
            if begun_at in tries:
                tries.remove(begun_at)
