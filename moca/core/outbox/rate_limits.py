from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyKind
from moca.core.policy import SenderPolicy

_NO_GUARD = timedelta(0)
_LATE_AT_MOST = timedelta(milliseconds=25)
_WHOLE_TO_LEAST_GUARD = 4


class SlidingWindow:
    """At most `limit` starts in any window of `span`; returns *when*, not *whether*.

    A start is reserved before it is made and counted from when it was really made, so that a delay
    between the decision and the call can never crowd the next window. `guard` lengthens the window
    for a limit that the other side counts too. A start that was due at a known instant and came a
    little late takes its lateness from the guard, down to a quarter of it, so that late starts do
    not slow the rate.
    """

    __slots__ = ("_free_again", "_guard", "_limit", "_longest", "_reserved", "_span")

    def __init__(self, limit: int, span: timedelta, guard: timedelta = _NO_GUARD) -> None:
        self._limit = limit
        self._span = span
        self._guard = guard
        self._longest = span + guard
        self._free_again: deque[datetime] = deque()
        """For each start, when its place is free again; sorted, at most `limit` entries."""
        self._reserved = 0

    def free_at(self, now: datetime, ahead: int = 0) -> datetime | None:
        """Return when one more start is allowed behind `ahead` others that wait for theirs.

        None if that depends on a reserved start that has not been made yet.
        """
        if self._free_again:
            self._follow_a_clock_set_back(now)
            self._forget_before(now - _LATE_AT_MOST)
        taken = len(self._free_again)
        place = taken + self._reserved + ahead - self._limit
        if place < 0:
            return now
        return None if place >= taken else max(now, self._free_again[place])

    def reserve(self) -> None:
        """Reserve a place for a start that is about to be made."""
        self._reserved += 1

    def release(self) -> None:
        """Release a reserved place: the start was never made."""
        self._reserved -= 1

    def started(self, at: datetime) -> None:
        """Turn a reserved place into a start made at `at`."""
        self._reserved -= 1
        self.count(at)

    def count(self, at: datetime) -> None:
        """Count a start that was made without a reservation, for example by an earlier run."""
        has_waited = len(self._free_again) == self._limit
        due_at = self._free_again.popleft() if has_waited else at
        planned_at = due_at if due_at <= at <= due_at + _LATE_AT_MOST else at
        least_at = at + self._span + self._guard / _WHOLE_TO_LEAST_GUARD
        free_at = max(planned_at + self._longest, least_at)
        if self._free_again and free_at < self._free_again[-1]:
            free_at = self._free_again[-1]
        self._free_again.append(free_at)

    def clock_set_ahead(self, by: timedelta) -> None:
        """Keep the window as long as it was: the clock was set, but no time has passed."""
        self._free_again = deque(each + by for each in self._free_again)

    def _follow_a_clock_set_back(self, now: datetime) -> None:
        # The last start was made no later than now, whatever its recorded instant.
        ahead_by = self._free_again[-1] - now - self._longest
        if ahead_by <= _NO_GUARD:
            return
        self._free_again = deque(each - ahead_by for each in self._free_again)

    def _forget_before(self, instant: datetime) -> None:
        while self._free_again and self._free_again[0] <= instant:
            self._free_again.popleft()


_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_GUARD = timedelta(milliseconds=4)
"""How much the latency to Instagram may vary, at 0.4 % of the rate: *their* window counts too."""

_BREATH = timedelta(milliseconds=10)
_NOBODY: Counter[Channel] = Counter()
_FOR_A_WHILE = timedelta(seconds=2)
"""A longer block is left to the database, until this long before its end."""

_IN_ONE_BREATH = 3
"""Calls that may start together; a hundred at once would delay one another."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The accounts and channels that cannot send for a while."""

    accounts: frozenset[str]
    channels: frozenset[Channel]
    look_at: datetime | None
    """When the first block is about to end."""


@dataclass(slots=True)
class _Account:
    window: SlidingWindow
    by_kind: Mapping[ReplyKind, SlidingWindow]
    """The kinds of replies with an additional limit."""


@dataclass(slots=True)
class RateLimits:
    """The limits overall, per account and per kind, each exact in every window of its span."""

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
            ReplyKind.MEDIA: SlidingWindow(policy.account_media_per_second, _SECOND, _GUARD),
            ReplyKind.PRIVATE_REPLY: SlidingWindow(policy.account_private_replies_per_hour, _HOUR),
        }
        return _Account(SlidingWindow(policy.account_per_second, _SECOND, _GUARD), by_kind)

    def clock_set_ahead(self, by: timedelta) -> None:
        """Move all windows along with the clock."""
        for window in (self._overall, self._together):
            window.clock_set_ahead(by)
        for account in self._accounts.values():
            for window in (account.window, *account.by_kind.values()):
                window.clock_set_ahead(by)

    def reserve_open(self, replies: Iterable[QueuedReply], now: datetime) -> list[QueuedReply]:
        """Reserve a place for each of these calls that may start now, and return those."""
        reserved = []
        full: set[Channel] = set()
        for reply in replies:
            if reply.channel in full:
                continue
            if self.overall_free_at(now, _NOBODY) != now:
                break
            if self.own_free_at(reply.channel, now, _NOBODY) == now:
                self.reserve(reply.channel)
                reserved.append(reply)
            else:
                full.add(reply.channel)
        return reserved

    def free_at(
        self, channels: Iterable[Channel], now: datetime, ahead: Counter[Channel] = _NOBODY
    ) -> datetime | None:
        """Return when the first of these channels may start a call.

        None if that depends on a call about to start. `ahead` counts, by channel, the calls that
        are to start before it.
        """
        overall = self.overall_free_at(now, ahead)
        if overall is None:
            return None
        later = []
        for channel in channels:
            own = self.own_free_at(channel, now, ahead)
            if own is not None and own <= overall:
                return overall
            later.append(own)
        return min((own for own in later if own is not None), default=None)

    def overall_free_at(self, now: datetime, ahead: Counter[Channel]) -> datetime | None:
        """Return when the overall limits allow a call, under the same contract as `free_at`."""
        # How the calls ahead will be spread is not known yet, and takes only moments.
        expected = ahead.total()
        spread = now if expected else self._together.free_at(now)
        return _later(self._overall.free_at(now, expected), spread)

    def own_free_at(
        self, channel: Channel, now: datetime, ahead: Counter[Channel]
    ) -> datetime | None:
        """Return when the limits of the channel and its account allow a call."""
        account = self._accounts[channel.account_id]
        # Across all channels, few calls are ever ahead.
        of_account = sum(n for other, n in ahead.items() if other[0] == channel.account_id)
        turn = account.window.free_at(now, of_account)
        if (own := account.by_kind.get(channel.kind)) is not None:
            turn = _later(turn, own.free_at(now, ahead[channel]))
        return _later(turn, self.rests.until(channel.account_id, now) or now)

    def blocked(self, now: datetime) -> Blocked:
        """Return the accounts and channels that cannot send for a while.

        Among the limits per channel, only the hourly one for private replies blocks for that long.
        """
        after = now + _FOR_A_WHILE
        resting = self.rests.resting(after, now)
        hourly = {
            Channel(account_id, ReplyKind.PRIVATE_REPLY): free_at
            for account_id in self._answers_comments
            if (free_at := self._hourly(account_id).free_at(now)) is not None and free_at > after
        }
        until = min((*resting.values(), *hourly.values()), default=None)
        look_at = None if until is None else until - _FOR_A_WHILE
        return Blocked(frozenset(resting), frozenset(hourly), look_at)

    def reserve(self, channel: Channel) -> None:
        """Reserve a place for a call that is about to be made."""
        for window in self._windows(channel):
            window.reserve()

    def started(self, channel: Channel, at: datetime) -> None:
        """Count a reserved call from when it was really made."""
        for window in self._windows(channel):
            window.started(at)

    def release(self, channel: Channel) -> None:
        """Release the place of a call that was never made."""
        for window in self._windows(channel):
            window.release()

    def count(self, channel: Channel, at: datetime) -> None:
        """Count a call of an earlier run."""
        for window in self._windows(channel):
            window.count(at)

    def count_in_the_hour(self, channel: Channel, at: datetime) -> None:
        """Count a call of an earlier run that now only falls within the hourly limit."""
        if channel.kind is ReplyKind.PRIVATE_REPLY:
            self._windows(channel)[-1].count(at)

    def _hourly(self, account_id: str) -> SlidingWindow:
        return self._accounts[account_id].by_kind[ReplyKind.PRIVATE_REPLY]

    def _windows(self, channel: Channel) -> tuple[SlidingWindow, ...]:
        account = self._accounts[channel.account_id]
        own = account.by_kind.get(channel.kind)
        if channel.kind is ReplyKind.PRIVATE_REPLY:
            self._answers_comments.add(channel.account_id)
        return self._overall, self._together, account.window, *(() if own is None else (own,))


def _later(turn: datetime | None, other: datetime | None) -> datetime | None:
    return None if turn is None or other is None else max(turn, other)
