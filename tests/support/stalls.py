"""When this machine let a thread wait: calls that begin apart then arrive together."""

import threading
import time
from collections.abc import Iterable
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
    """Notes on a thread of its own when that thread wakes late."""

    seen: list[Stall] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Watch until `end`."""
        asked_at = time.monotonic()
        while not self._is_over.wait(_EVERY_SECONDS):
            late = time.monotonic() - asked_at - _EVERY_SECONDS
            if late > _LEAST_SECONDS:
                now = datetime.now(UTC)
                self.seen.append(Stall(now - timedelta(seconds=late), now))
            asked_at = time.monotonic()

    def end(self) -> None:
        self._is_over.set()
