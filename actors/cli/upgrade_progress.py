import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import NamedTuple

from moca.storage.db.upgrade import Announce

_EVERY_SECONDS = 5.0


class RunningMigration(NamedTuple):
    """A migration that has begun."""

    name: str
    number: int
    due: int
    """How many there are, this one included."""
    seconds: int
    """For how long it has been running; 0 as it begins."""


@contextmanager
def upgrade_progress(
    report: Callable[[RunningMigration], None], every_seconds: float = _EVERY_SECONDS
) -> Iterator[Announce]:
    """Report each migration as it begins, and again and again while it runs.

    Yields what `migrate` is to announce them to. A migration is one statement for each table,
    however big, which nothing can count the rows of: what can be told is that it is still running.
    """
    running: list[tuple[str, int, int, float]] = []
    is_over, lock = Event(), Lock()

    def announce(name: str, number: int, due: int) -> None:
        with lock:
            running[:] = [(name, number, due, time.monotonic())]
            report(RunningMigration(name, number, due, 0))

    def repeat() -> None:
        while not is_over.wait(every_seconds):
            with lock:
                for name, number, due, began in running:
                    seconds = time.monotonic() - began
                    if seconds >= every_seconds:
                        report(RunningMigration(name, number, due, round(seconds)))

    thread = Thread(target=repeat, name="upgrade-progress", daemon=True)
    thread.start()
    try:
        yield announce
    finally:
        is_over.set()
        thread.join()
