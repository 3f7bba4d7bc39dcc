from collections import deque
from datetime import datetime, timedelta


class SlidingWindow:
    """At most `limit` starts in any window of `span`; says *when*, not *whether*.

    A start is reserved before it is made and counted from when it was really made, so that a
    start delayed between the decision and the call can never crowd the next window.
    """

    __slots__ = ("_limit", "_reserved", "_span", "_starts")

    def __init__(self, limit: int, span: timedelta) -> None:
        self._limit = limit
        self._span = span
        self._starts: deque[datetime] = deque()
        self._reserved = 0

    def free_at(self, now: datetime, ahead: int = 0) -> datetime | None:
        """Tell when one more may start, behind `ahead` others that wait for their start.

        None if that depends on a reserved start not yet made.
        """
        self._forget_before(now - self._span)
        excess = len(self._starts) + self._reserved + ahead - self._limit + 1
        if excess <= 0:
            return now
        if excess > len(self._starts):
            return None
        return self._starts[excess - 1] + self._span

    def reserve(self) -> None:
        """Take a place for a start that is about to be made."""
        self._reserved += 1

    def release(self) -> None:
        """Give back a reserved place: the start was never made."""
        self._reserved -= 1

    def started(self, at: datetime) -> None:
        """Turn a reserved place into a start made at `at`."""
        self._reserved -= 1
        self.count(at)

    def count(self, at: datetime) -> None:
        """Count a start that was made without a reservation; by an earlier run, say."""
        if self._starts and at < self._starts[-1]:
            at = self._starts[-1]
        self._starts.append(at)

    def _forget_before(self, instant: datetime) -> None:
        while self._starts and self._starts[0] <= instant:
            self._starts.popleft()
