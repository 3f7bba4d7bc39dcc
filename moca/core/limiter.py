from collections import deque
from datetime import datetime, timedelta

_NO_GUARD = timedelta(0)
_LATE_AT_MOST = timedelta(milliseconds=25)
_WHOLE_TO_LEAST_GUARD = 4


class SlidingWindow:
    """At most `limit` starts in any window of `span`; says *when*, not *whether*.

    A start is reserved before it is made and counted from when it was really made, so that a
    start delayed between the decision and the call can never crowd the next window. A `guard` of
    more than that keeps the windows of whoever counts elsewhere: a start that was to be made at a
    known instant and came a little late takes its lateness from the guard, down to a quarter of
    it, so that late starts do not slow the rate.
    """

    __slots__ = ("_free_again", "_guard", "_limit", "_reserved", "_span")

    def __init__(self, limit: int, span: timedelta, guard: timedelta = _NO_GUARD) -> None:
        self._limit = limit
        self._span = span
        self._guard = guard
        self._free_again: deque[datetime] = deque()
        """For each start, from when another may take its place; in order, at most `limit`."""
        self._reserved = 0

    def free_at(self, now: datetime, ahead: int = 0) -> datetime | None:
        """Tell when one more may start, behind `ahead` others that wait for their start.

        None if that depends on a reserved start not yet made.
        """
        self._follow_a_clock_set_back(now)
        self._forget_before(now - _LATE_AT_MOST)
        place = len(self._free_again) + self._reserved + ahead - self._limit
        if place < 0:
            return now
        if place >= len(self._free_again):
            return None
        return max(now, self._free_again[place])

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
        has_waited = len(self._free_again) == self._limit
        due_at = self._free_again.popleft() if has_waited else at
        planned_at = due_at if due_at <= at <= due_at + _LATE_AT_MOST else at
        least_at = at + self._span + self._guard / _WHOLE_TO_LEAST_GUARD
        free_at = max(planned_at + self._span + self._guard, least_at)
        if self._free_again and free_at < self._free_again[-1]:
            free_at = self._free_again[-1]
        self._free_again.append(free_at)

    def _follow_a_clock_set_back(self, now: datetime) -> None:
        # The last start was made by now, whatever its instant says.
        if not self._free_again or self._free_again[-1] <= now + self._span + self._guard:
            return
        ahead_by = self._free_again[-1] - (now + self._span + self._guard)
        self._free_again = deque(each - ahead_by for each in self._free_again)

    def _forget_before(self, instant: datetime) -> None:
        while self._free_again and self._free_again[0] <= instant:
            self._free_again.popleft()
