import contextlib
import heapq
import math
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


class TimerEntry(Generic[Instant]):
    """A timer in the heap; `send` is None once it was taken or cancelled."""

    __slots__ = ("_agenda", "send")

    def __init__(self, agenda: "TimerHeap[Instant]", send: Callable[[], None]) -> None:
        self._agenda: TimerHeap[Instant] = agenda
        self.send: Callable[[], None] | None = send

    def cancel(self) -> None:
        """Cancel the timer if it is still pending."""
        self._agenda.cancel(self)


class TimerHeap(Generic[Instant]):
    """Pending timers by time; equal instants in the order they were added.

    Thread-safe. A cancelled entry drops its `send` at once, and its place when it comes to the
    front or when more than half of the places are cancelled.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Instant, int, TimerEntry[Instant]]] = []
        self._cancelled = 0
        self._lock = threading.Lock()
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._entries) - self._cancelled

    def add(self, at: Instant, send: Callable[[], None]) -> TimerEntry[Instant]:
        """Add a timer."""
        entry = TimerEntry(self, send)
        with self._lock:
            heapq.heappush(self._entries, (at, next(self._numbers), entry))
        return entry

    def next_at(self) -> Instant | None:
        """Return when the first timer is due; None if there is none."""
        with self._lock:
            self._drop_cancelled_head()
            return self._entries[0][0] if self._entries else None

    def take_due(self, now: Instant) -> Callable[[], None] | None:
        """Remove and return the first timer due by now; None if there is none."""
        with self._lock:
            self._drop_cancelled_head()
            if not self._entries or self._entries[0][0] > now:
                return None
            entry = heapq.heappop(self._entries)[2]
            send, entry.send = entry.send, None
            return send

    def cancel(self, entry: TimerEntry[Instant]) -> None:
        """Cancel a timer; does nothing if it is no longer pending."""
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


MAX_WAIT_SECONDS = 3600.0

log = structlog.stdlib.get_logger()


class Timer(Protocol):
    """One message to be sent later."""

    def cancel(self) -> None:
        """Cancel the message, unless it is already due. Thread-safe; may be repeated."""


class Timers(Protocol):
    """Sends messages later: the only way in which an actor waits."""

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Call `send` at an instant, or at once if it has passed.

        Args:
            when: An aware datetime.
            send: Sends a message to an actor and returns at once.
        """

    def steady(self) -> float:
        """Return seconds that pass evenly, however the wall clock is set."""


class TimerThread:
    """Timers on one thread, which count on the monotonic clock once requested.

    A step of the wall clock therefore moves none of them. Messages still pending at `stop` are not
    sent. The thread is a daemon: a crash of the main thread must not hang the interpreter.
    """

    def __init__(self, name: str = "timers") -> None:
        self._agenda: TimerHeap[float] = TimerHeap()
        self._wake = threading.Event()
        self._sleeps_until = math.inf
        """Infinite while the thread is awake: its next look may miss what comes then."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __len__(self) -> int:
        return len(self._agenda)

    def start(self) -> None:
        """Start sending; earlier timers are kept. Call it once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending and wait for the thread to end. Not from within a `send`."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Call `send` on the timer thread; exceptions are logged, except from a dead actor."""
        deadline = time.monotonic() + (when - clock.now()).total_seconds()
        entry = self._agenda.add(deadline, send)
        if deadline < self._sleeps_until:
            self._wake.set()
        return entry

    def steady(self) -> float:
        """Return the monotonic clock's seconds."""
        return time.monotonic()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            while not self._stopping and (send := self._agenda.take_due(time.monotonic())):
                self._send(send)
            if not self._stopping:
                self._sleep()

    def _sleep(self) -> None:
        now = time.monotonic()
        first, latest = self._agenda.next_at(), now + MAX_WAIT_SECONDS
        self._sleeps_until = latest if first is None else min(first, latest)
        self._wake.wait(max(0.0, self._sleeps_until - now))
        self._sleeps_until = math.inf

    def _send(self, send: Callable[[], None]) -> None:
        try:
            send()
        except pykka.ActorDeadError:
            log.debug("timer_came_too_late", reason="the actor has stopped")
        except Exception as error:  # noqa: BLE001
            # Not log.exception: the exception's text may quote a message.
            log.error(  # noqa: TRY400
                "timer_failed", error=type(error).__name__, where=where_raised(error)
            )


class ManualTimers:
    """Timers for tests: nothing is sent until `advance_to` moves the time."""

    def __init__(self) -> None:
        self._agenda: TimerHeap[datetime] = TimerHeap()

    def __len__(self) -> int:
        return len(self._agenda)

    @property
    def next_at(self) -> datetime | None:
        """Return when the next timer is due; None if there is none."""
        return self._agenda.next_at()

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        """Schedule `send` for `advance_to`."""
        return self._agenda.add(when, send)

    def steady(self) -> float:
        """Return seconds that pass as the wall clock's do."""
        return clock.now().timestamp()

    def advance_to(self, now: datetime) -> int:
        """Send everything that becomes due up to `now`, in order; return how many messages.

        Raises:
            Exception: What a `send` raised, except for a dead actor; the rest stays due.
        """
        sent = 0
        while (send := self._agenda.take_due(now)) is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                send()
            sent += 1
        return sent


class ActorTimer:
    """One pending message of an actor, sent once however often it is rescheduled.

    One owner only.
    """

    def __init__(self, timers: Timers, ring: Callable[[], None]) -> None:
        self._timers = timers
        self._ring = ring
        self._timer: Timer | None = None

    def set_to(self, when: datetime | None) -> None:
        """Reschedule the message, replacing the earlier time; None cancels it."""
        self.cancel()
        if when is not None:
            self._timer = self._timers.later(when, self._ring)

    def cancel(self) -> None:
        """Cancel the message until it is scheduled again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
