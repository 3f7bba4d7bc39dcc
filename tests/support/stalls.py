"""When this machine let a thread wait: calls that begin apart then arrive together."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_EVERY_SECONDS = 0.005
_LEAST_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which something stood still."""

    since: datetime
    until: datetime


def stall_around(at: datetime, stalls: Iterable[Stall], span: timedelta) -> timedelta:
    """Return the longest stall that reaches within a span of an instant."""
    near = (
        each.until - each.since for each in stalls if each.since - span <= at <= each.until + span
    )
    return max(near, default=timedelta(0))


@dataclass(slots=True)
class StallWatch:
    """Notes on a thread of its own when that thread wakes late, a lower bound for any program."""

    seen: list[Stall] = field(default_factory=list)
    most_seconds: float = 0.0
    """The longest delay of all, however short."""
    _is_over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["StallWatch"]:
        """Watch while the block runs."""
        thread = threading.Thread(target=self._watch, name="stalls")
        thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            thread.join()

    def _watch(self) -> None:
        asked_at = time.monotonic()
        while not self._is_over.wait(_EVERY_SECONDS):
            late = time.monotonic() - asked_at - _EVERY_SECONDS
            self.most_seconds = max(self.most_seconds, late)
            if late > _LEAST_SECONDS:
                now = datetime.now(UTC)
                self.seen.append(Stall(now - timedelta(seconds=late), now))
            asked_at = time.monotonic()
