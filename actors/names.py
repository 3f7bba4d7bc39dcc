from datetime import timedelta
from threading import Lock

from actors.pool import Pool
from moca import clock
from moca.core.limiter import SlidingWindow
from moca.core.messages import ReadName

_PER_SECOND = 2


class NameDesk:
    """Lets a few names a second be read: a flood of new contacts must not become one of calls.

    A name that is not read now is asked for again when its conversation is next loaded.
    """

    def __init__(self, readers: Pool) -> None:
        self._readers = readers
        self._window = SlidingWindow(_PER_SECOND, timedelta(seconds=1))
        self._lock = Lock()

    def read(self, wanted: ReadName) -> None:
        """Have a name read, if the second still allows it. Any thread."""
        with self._lock:
            now = clock.now()
            if self._window.free_at(now) != now:
                return
            self._window.count(now)
        self._readers.try_tell(wanted)
