from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.queued_reply import Channel, Kind
from moca.core.policy import SenderPolicy

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


_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_GUARD = timedelta(milliseconds=4)
"""What the way to Instagram may vary by, at 0.4 % of the rate: *their* window counts too."""

_BREATH = timedelta(milliseconds=10)
_FOR_A_WHILE = timedelta(seconds=2)
"""What is blocked for longer is left to the database, until so long before its end."""

_IN_ONE_BREATH = 3
"""Calls that may start together; a hundred would keep one another from the wire for long."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Of what nothing can go for a while."""

    accounts: frozenset[str]
    channels: frozenset[Channel]
    look_at: datetime | None
    """When the first of it is about to be over."""


@dataclass(slots=True)
class _Account:
    window: SlidingWindow
    by_kind: Mapping[Kind, SlidingWindow]
    """What has a limit of its own as well."""


@dataclass(slots=True)
class Pacing:
    """The limits over all, per account and per kind, each exact in every window of its span."""

    policy: SenderPolicy
    rests: AccountRests = field(default_factory=AccountRests)
    _overall: SlidingWindow = field(init=False)
    _together: SlidingWindow = field(init=False)
    _accounts: dict[str, _Account] = field(init=False)
    _answers_comments: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        per_second = self.policy.per_second
        together = max(_IN_ONE_BREATH, per_second // 50)
        self._overall = SlidingWindow(per_second, _SECOND, _GUARD)
        self._together = SlidingWindow(together, _BREATH - _GUARD, _GUARD)
        self._accounts = defaultdict(self._account)

    def _account(self) -> _Account:
        policy = self.policy
        by_kind = {
            Kind.MEDIA: SlidingWindow(policy.account_media_per_second, _SECOND, _GUARD),
            Kind.PRIVATE_REPLY: SlidingWindow(policy.account_private_replies_per_hour, _HOUR),
        }
        return _Account(SlidingWindow(policy.account_per_second, _SECOND, _GUARD), by_kind)

    def free_at(self, channel: Channel, now: datetime, ahead: Counter[Channel]) -> datetime | None:
        """Tell when a call of this kind may start; None if a call about to start decides.

        `ahead` counts, by channel, the calls that are to start before it.
        """
        return _latest(self.overall_free_at(now, ahead), self.own_free_at(channel, now, ahead))

    def overall_free_at(self, now: datetime, ahead: Counter[Channel]) -> datetime | None:
        """Return when the limits over all let a call start, as `free_at` does."""
        # How those ahead come to be spread is not known yet, and is a matter of moments.
        expected = ahead.total()
        spread = now if expected else self._together.free_at(now)
        return _latest(self._overall.free_at(now, expected), spread)

    def own_free_at(
        self, channel: Channel, now: datetime, ahead: Counter[Channel]
    ) -> datetime | None:
        """Return when the limits of the channel and its account let a call start."""
        account = self._accounts[channel.account_id]
        # Few are ever ahead, over all channels.
        of_account = sum(n for other, n in ahead.items() if other[0] == channel.account_id)
        own = account.by_kind.get(channel.kind)
        return _latest(
            account.window.free_at(now, of_account),
            now if own is None else own.free_at(now, ahead[channel]),
            self.rests.until(channel.account_id, now) or now,
        )

    def blocked(self, now: datetime) -> Blocked:
        """Return of which accounts and channels nothing can go for a while.

        Of a channel's own limits only the hourly one of private replies holds for so long.
        """
        after = now + _FOR_A_WHILE
        resting = self.rests.resting(after, now)
        hourly = {
            Channel(account_id, Kind.PRIVATE_REPLY): free_at
            for account_id in self._answers_comments
            if (free_at := self._hourly(account_id).free_at(now)) is not None and free_at > after
        }
        until = min((*resting.values(), *hourly.values()), default=None)
        look_at = None if until is None else until - _FOR_A_WHILE
        return Blocked(frozenset(resting), frozenset(hourly), look_at)

    def reserve(self, channel: Channel) -> None:
        """Take a place for a call that is about to be made."""
        for window in self._windows(channel):
            window.reserve()

    def started(self, channel: Channel, at: datetime) -> None:
        """Count a reserved call from when it was really made."""
        for window in self._windows(channel):
            window.started(at)

    def release(self, channel: Channel) -> None:
        """Give back the place of a call that was never made."""
        for window in self._windows(channel):
            window.release()

    def count(self, channel: Channel, at: datetime) -> None:
        """Count a call of an earlier run."""
        for window in self._windows(channel):
            window.count(at)

    def count_in_the_hour(self, channel: Channel, at: datetime) -> None:
        """Count a call of an earlier run that only a limit by the hour still feels."""
        if channel.kind is Kind.PRIVATE_REPLY:
            self._windows(channel)[-1].count(at)

    def _hourly(self, account_id: str) -> SlidingWindow:
        return self._accounts[account_id].by_kind[Kind.PRIVATE_REPLY]

    def _windows(self, channel: Channel) -> tuple[SlidingWindow, ...]:
        account = self._accounts[channel.account_id]
        own = account.by_kind.get(channel.kind)
        if channel.kind is Kind.PRIVATE_REPLY:
            self._answers_comments.add(channel.account_id)
        return self._overall, self._together, account.window, *(() if own is None else (own,))


def _latest(*turns: datetime | None) -> datetime | None:
    known = [turn for turn in turns if turn is not None]
    return max(known) if len(known) == len(turns) else None
