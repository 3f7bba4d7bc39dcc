from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LATENESS = timedelta(seconds=60)
"""A message counts as missed from this age on; a webhook may be late."""
_RECORD_LAGS = timedelta(minutes=2)
_LOOKS_BACK = timedelta(hours=48)
_AT_FIRST = timedelta(hours=24)
_MOST_THREADS = 1000
_MOST_PAGES = 50
_MOST_FAILURES = 3
"""On end; then nothing else can be expected to be read either."""


@dataclass(frozen=True, slots=True)
class ListedThread:
    """A thread of Instagram's record, and when it last changed."""

    id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A part of the list of threads; `after` leads to the next part, empty where there is none."""

    threads: tuple[ListedThread, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class ListThreads:
    """Read the part of the list that follows `after`."""

    after: str


@dataclass(frozen=True, slots=True)
class ReadThread:
    """Read a thread's newest messages."""

    id: str


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when messages are compared."""

    since: datetime
    until: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.since < at <= self.until


def span_to_compare(compared_until: datetime | None, now: datetime) -> Span:
    """Say which messages a look is about: those since the last one, none too young, none too old.

    A little of what the last look was about is looked at again, for the record may lag.
    """
    if compared_until is None:
        since = now - _AT_FIRST
    else:
        since = max(compared_until - _RECORD_LAGS, now - _LOOKS_BACK)
    return Span(since, now - LATENESS)


@dataclass(slots=True)
class Look:
    """One look at an account's record: first the list of threads, then each that changed.

    Not safe across threads. At most 1000 threads are held, those that changed last.
    """

    account_id: str
    span: Span
    read_before: Mapping[str, datetime] = field(default_factory=dict)
    """By thread, up to which change the last look had read it."""
    left_out: int = 0
    """Threads beyond those that are read."""
    _after: str | None = ""
    """None once the list was read."""
    _pages: int = 0
    _threads: deque[ListedThread] = field(default_factory=deque)
    _read: dict[str, datetime] = field(default_factory=dict)
    _failures: int = 0

    @property
    def next(self) -> ListThreads | ReadThread | None:
        """What is to be read now; None when all was."""
        if self._after is not None:
            return ListThreads(self._after)
        return ReadThread(self._threads[0].id) if self._threads else None

    @property
    def was_read(self) -> Mapping[str, datetime]:
        """What the next look need not read again unless it changes, for `read_before`."""
        return self._read

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing could be read several times on end."""
        return self._failures >= _MOST_FAILURES

    def list(self, page: ThreadPage) -> None:
        """Take in a part of the list; Instagram tells the thread that changed last first."""
        self._failures = 0
        self._pages += 1
        changed = [each for each in page.threads if each.updated_at > self.span.since]
        wanted = [each for each in changed if self.read_before.get(each.id) != each.updated_at]
        room = _MOST_THREADS - len(self._threads)
        self._threads.extend(wanted[:room])
        self.left_out += len(wanted[room:])
        goes_on = bool(changed) and page.after and self._pages < _MOST_PAGES and not self.left_out
        self._after = page.after if goes_on else None

    def read(self) -> None:
        """Note that the thread at hand was read."""
        self._failures = 0
        thread = self._threads.popleft()
        if self.span.until - _RECORD_LAGS < thread.updated_at <= self.span.until:
            self._read[thread.id] = thread.updated_at

    def fail(self) -> None:
        """Note that it could not be: a thread is left out, the list is tried again."""
        self._failures += 1
        if self._after is None:
            self._threads.popleft()
