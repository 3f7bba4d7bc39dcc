import contextlib
import heapq
import threading
import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Generic, Protocol, TypeVar

import pykka
import structlog

from moca import clock
from moca.logs import where_raised

FEWEST_TO_COMPACT = 64

Instant = TypeVar("Instant", float, datetime)


class Entry(Generic[Instant]):
    """A timer on the agenda; without `send` once it was taken off or cancelled."""

    __slots__ = ("_agenda", "send")

    def __init__(self, agenda: "Agenda[Instant]", send: Callable[[], None]) -> None:
        self._agenda: Agenda[Instant] = agenda
        self.send: Callable[[], None] | None = send

    def cancel(self) -> None:
        """Take it off, if it is still to come."""
        self._agenda.cancel(self)


class Agenda(Generic[Instant]):
    """What is to be sent when; equal instants in the order they were asked for.

    Any thread may use it. A cancelled entry lets go of its `send` at once and of its place when it
    comes to the front, or when more than half of the places are cancelled ones.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Instant, int, Entry[Instant]]] = []
        self._cancelled = 0
        self._lock = threading.Lock()
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._entries) - self._cancelled

    def add(self, at: Instant, send: Callable[[], None]) -> Entry[Instant]:
        """Put down one more."""
        entry = Entry(self, send)
        with self._lock:
            heapq.heappush(self._entries, (at, next(self._numbers), entry))
        return entry

    def next_at(self) -> Instant | None:
        """When the first is due; None if nothing is to come."""
        with self._lock:
            self._drop_cancelled_head()
            return self._entries[0][0] if self._entries else None

    def take_due(self, now: Instant) -> Callable[[], None] | None:
        """Take off the first that is due by now; None if none is."""
        with self._lock:
            self._drop_cancelled_head()
            if not self._entries or self._entries[0][0] > now:
                return None
            entry = heapq.heappop(self._entries)[2]
            send, entry.send = entry.send, None
            return send

    def cancel(self, entry: Entry[Instant]) -> None:
        """Take this one off; nothing happens if it is off already."""
        with self._lock:
            if entry.send is None:
                return
            entry.send = None
            self._cancelled += 1
            if self._cancelled * 2 > len(self._entries) > FEWEST_TO_COMPACT:
                self._compact()

    def _drop_cancelled_head(self) -> None:
        while self._entries and self._entries[0][2].send is None:
            heapq.heappop(self._entries)
            self._cancelled -= 1

    def _compact(self) -> None:
        self._entries = [entry for entry in self._entries if entry[2].send is not None]
        heapq.heapify(self._entries)
        self._cancelled = 0


LONGEST_WAIT_SECONDS = 3600.0

log = structlog.stdlib.get_logger()


class Timer(Protocol):
    """One message to come."""

    def cancel(self) -> None:
        """Have it not sent; too late once it is due. Any thread may call this, and again."""


class Timers(Protocol):
    """Sends messages later: the only way in which an actor waits."""

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Call `send` once `when` has come, at once if it is past.

        Args:
            when: an aware instant.
            send: tells an actor something, and returns at once.
        """


class TimerThread:
    """Timers on one thread of its own, by the monotonic clock once they are asked for.

    A step of the wall clock therefore moves none of them. What is still to come when it stops is
    not sent. The thread is a daemon: a crash of the main thread must not hang the interpreter.
    """

    def __init__(self, name: str = "timers") -> None:
        self._agenda: Agenda[float] = Agenda()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __len__(self) -> int:
        return len(self._agenda)

    def start(self) -> None:
        """Begin to send; what was asked for before is kept. Once only."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more and wait for the thread to end. Not from a `send`."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Call `send` on the timer thread; what it raises is logged, but for a dead actor."""
        deadline = time.monotonic() + (when - clock.now()).total_seconds()
        entry = self._agenda.add(deadline, send)
        if self._agenda.next_at() == deadline:
            self._wake.set()
        return entry

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            while not self._stopping and (send := self._agenda.take_due(time.monotonic())):
                self._send(send)
            if not self._stopping:
                self._wake.wait(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        deadline = self._agenda.next_at()
        if deadline is None:
            return LONGEST_WAIT_SECONDS
        return min(max(0.0, deadline - time.monotonic()), LONGEST_WAIT_SECONDS)

    def _send(self, send: Callable[[], None]) -> None:
        try:
            send()
        except pykka.ActorDeadError:
            log.debug("timer_came_too_late", reason="the actor has stopped")
        except Exception as error:  # noqa: BLE001
            # Not log.exception: the error's own words may quote a message.
            log.error(  # noqa: TRY400
                "timer_failed", error=type(error).__name__, where=where_raised(error)
            )


class ManualTimers:
    """Timers for tests: nothing is sent until the time is said."""

    def __init__(self) -> None:
        self._agenda: Agenda[datetime] = Agenda()

    def __len__(self) -> int:
        return len(self._agenda)

    @property
    def next_at(self) -> datetime | None:
        """When the next is due; None if none is to come."""
        return self._agenda.next_at()

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Have `advance_to` call `send`."""
        return self._agenda.add(when, send)

    def advance_to(self, now: datetime) -> int:
        """Send what is due, in order of time, and what becomes so meanwhile; say how many.

        Raises:
            Exception: what a `send` raised, but for a dead actor; the rest stays due.
        """
        sent = 0
        while (send := self._agenda.take_due(now)) is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                send()
            sent += 1
        return sent


class Alarm:
    """One message to come, which comes once however often it is set anew. Of one owner alone."""

    def __init__(self, timers: Timers, ring: Callable[[], None]) -> None:
        self._timers = timers
        self._ring = ring
        self._timer: Timer | None = None

    def set_to(self, when: datetime | None) -> None:
        """Ring then, and no longer when it was to; never if None."""
        self.cancel()
        if when is not None:
            self._timer = self._timers.later(when, self._ring)

    def cancel(self) -> None:
        """Ring no more, until it is set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
