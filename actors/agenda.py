import heapq
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Generic, TypeVar

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
