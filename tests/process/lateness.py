import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_EVERY_SECONDS = 0.005


class Lateness:
    """The longest delay with which a thread here wakes, a lower bound for any program."""

    def __init__(self) -> None:
        self.most_seconds = 0.0
        self._is_over = threading.Event()

    def watch(self) -> None:
        asked_at = time.monotonic()
        while not self._is_over.wait(_EVERY_SECONDS):
            woken_at = time.monotonic()
            self.most_seconds = max(self.most_seconds, woken_at - asked_at - _EVERY_SECONDS)
            asked_at = time.monotonic()

    def end(self) -> None:
        self._is_over.set()


@contextmanager
def lateness() -> Iterator[Lateness]:
    """Measure it while the block runs."""
    late = Lateness()
    thread = threading.Thread(target=late.watch, name="lateness")
    thread.start()
    try:
        yield late
    finally:
        late.end()
        thread.join()
