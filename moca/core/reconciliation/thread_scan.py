from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LATENESS = timedelta(seconds=60)
"""The age from which a message counts as missing; webhooks may be late."""
_RECORD_LAGS = timedelta(minutes=2)
_LOOKS_BACK = timedelta(hours=48)
_AT_FIRST = timedelta(hours=24)
_MAX_THREADS = 1000
_MAX_PAGES = 50
_MAX_FAILURES = 3
"""Consecutive failures after which the scan gives up."""


@dataclass(frozen=True, slots=True)
class ListedThread:
    """A thread in Instagram's record, with its last change."""

    id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of the list of threads. `after` is the cursor of the next page, empty on the last."""

    threads: tuple[ListedThread, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class ListThreads:
    """Read the page of the list that follows `after`."""

    after: str


@dataclass(frozen=True, slots=True)
class ReadThread:
    """Read a thread's newest messages."""

    id: str


@dataclass(frozen=True, slots=True)
class ScanPeriod:
    """The period whose messages are compared."""

    since: datetime
    until: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.since < at <= self.until


def span_to_compare(compared_until: datetime | None, now: datetime) -> ScanPeriod:
    """Return the period to compare: since the last scan, without messages too recent or too old.

    It overlaps the last scan a little, because Instagram's record may lag.
    """
    if compared_until is None:
        since = now - _AT_FIRST
    else:
        since = max(compared_until - _RECORD_LAGS, now - _LOOKS_BACK)
    return ScanPeriod(since, now - LATENESS)


@dataclass(slots=True)
class ThreadScan:
    """One scan of an account's record: first the list of threads, then each thread that changed.

    Holds at most 1000 threads, the most recently changed. Not thread-safe.
    """

    account_id: str
    span: ScanPeriod
    read_before: Mapping[str, datetime] = field(default_factory=dict)
    """By thread id, the change up to which the last scan has read it."""
    left_out: int = 0
    """Threads beyond the limit, which are not read."""
    _after: str | None = ""
    """The cursor of the next page; None once the list has been read."""
    _pages: int = 0
    _threads: deque[ListedThread] = field(default_factory=deque)
    _read: dict[str, datetime] = field(default_factory=dict)
    _failures: int = 0

    @property
    def next(self) -> ListThreads | ReadThread | None:
        """The next request to make; None if the scan is complete."""
        if self._after is not None:
            return ListThreads(self._after)
        return ReadThread(self._threads[0].id) if self._threads else None

    @property
    def was_read(self) -> Mapping[str, datetime]:
        """The threads that the next scan can skip unless they change, for `read_before`."""
        return self._read

    @property
    def is_hopeless(self) -> bool:
        """Whether several requests in a row have failed."""
        return self._failures >= _MAX_FAILURES

    def list(self, page: ThreadPage) -> None:
        """Add a page of the list. Instagram lists the most recently changed thread first."""
        self._failures = 0
        self._pages += 1
        changed = [each for each in page.threads if each.updated_at > self.span.since]
        wanted = [each for each in changed if self.read_before.get(each.id) != each.updated_at]
        room = _MAX_THREADS - len(self._threads)
        self._threads.extend(wanted[:room])
        self.left_out += len(wanted[room:])
        goes_on = bool(changed) and page.after and self._pages < _MAX_PAGES and not self.left_out
        self._after = page.after if goes_on else None

    def read(self) -> None:
        """Record that the current thread has been read."""
        self._failures = 0
        thread = self._threads.popleft()
        if self.span.until - _RECORD_LAGS < thread.updated_at <= self.span.until:
            self._read[thread.id] = thread.updated_at

    def fail(self) -> None:
        """Record a failed request: the current thread is skipped, or the list is tried again."""
        self._failures += 1
        if self._after is None:
            self._threads.popleft()
