from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from moca.core.messages.delivery import ClaimReply, DeliverReply, RecentSend, ReplyClaimed
from moca.core.outbox.account_rests import AccountRests, RestingAccount
from moca.core.outbox.backlog import Turn
from moca.core.outbox.claimed_replies import ClaimedReplies
from moca.core.outbox.clock_comparison import ClockComparison
from moca.core.outbox.contact_queues import ContactQueues
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyKind
from moca.core.outbox.rate_limits import Blocked, RateLimits
from moca.core.outbox.turns import Turns
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey

_LEAD = timedelta(milliseconds=100)
"""How long before a turn claims are made, so that the write does not slow sending."""

_CLAIMED_AHEAD = _LEAD + timedelta(milliseconds=50)
"""How far ahead turns are claimed then: all of one round in one commit."""

_CALL_BEGINS_WITHIN = timedelta(seconds=15)
"""How long after its claim a call may begin if the claim is slow to be written."""


class Outbox:
    """Decides which reply goes when.

    A reply is claimed on disk shortly before its turn, called when its turn has come, and blocks
    its contact queue until its outcome is known. Performs no I/O. Not thread-safe.
    """

    def __init__(self, policy: SenderPolicy, rests: AccountRests | None = None) -> None:
        self._policy = policy
        self._contact_queues = ContactQueues()
        self._rests = rests or AccountRests()
        self._pacing = RateLimits(policy, self._rests)
        self._turns = Turns()
        self._moved: set[str] = set()
        """Accounts whose limits have changed since their turns were placed."""
        self._latest: datetime | None = None
        self._clocks = ClockComparison()
        self._claims = ClaimedReplies()
        self._called: dict[int, QueuedReply] = {}
        """Handed to a courier that has not reported the start of the call yet."""
        self._under_way: set[int] = set()
        """Handed to a courier that has not reported the end of the call yet."""
        self.is_frozen = False
        """Whether sending is frozen; claimed replies are to be given back."""

    def __len__(self) -> int:
        return len(self._contact_queues)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._contact_queues

    @property
    def room(self) -> int:
        """How many more replies fit in memory."""
        return self._policy.capacity - len(self._contact_queues)

    @property
    def item_ids(self) -> frozenset[int]:
        """All replies in memory, including those being sent."""
        return self._contact_queues.item_ids

    def thinned(self) -> dict[Channel, int]:
        """Return how many replies wait in each channel that lost some since the last call."""
        return self._contact_queues.thinned()

    def evict(self, channel: Channel, after: Turn, now: datetime) -> tuple[QueuedReply, ...]:
        """Leave what waits in a channel after this turn, and replies behind it, to the database.

        Returns:
            The replies removed from other channels because their contact waits for an evicted one.
        """
        return self._contact_queues.evict(channel, after, now)

    def blocked(self, now: datetime) -> Blocked:
        """Return the accounts and channels that cannot send for a while."""
        return self._pacing.blocked(now)

    @property
    def under_way(self) -> frozenset[int]:
        """The items whose calls are in progress."""
        return frozenset(self._under_way)

    @property
    def not_begun(self) -> Mapping[int, QueuedReply]:
        """The items whose couriers have not reported the start of the call yet."""
        return self._called

    def take_over_calls(self, before: "Outbox") -> None:
        """Count the calls that couriers still have from the outbox before this one."""
        self._under_way.update(before.under_way)
        self._called.update(before.not_begun)
        for reply in self._called.values():
            self._pacing.reserve(reply.channel)

    def follow_clock(self, now: datetime, steady: float) -> None:
        """Note the time by both clocks: setting one ahead must not free the limits."""
        if by := self._clocks.ahead_by(now, steady):
            self._pacing.clock_set_ahead(by)
            self._moved.update(channel.account_id for channel in self._turns)

    def add(self, reply: QueuedReply, now: datetime) -> bool:
        """Add a pending reply if it is not here yet. Return False if there is no room for it."""
        if reply.item_id not in self._contact_queues:
            if self.room <= 0:
                return False
            self._contact_queues.add(reply, now)
        return True

    def put_back(self, reply: QueuedReply, now: datetime) -> None:
        """Add a pending reply even if there is no room, so that it keeps its turn."""
        if reply.item_id not in self._contact_queues:
            self._contact_queues.add(reply, now)

    def hold(self, reply: QueuedReply) -> None:
        """Block the contact queue of a reply whose outcome is unknown."""
        self._contact_queues.hold(reply)

    def count_recent(self, sends: Iterable[RecentSend], now: datetime) -> None:
        """Count the sends of an earlier run that still fall within a limit's window."""
        for send in sends:
            channel = Channel(send.contact.account_id, send.kind)
            self._moved.add(channel.account_id)
            began_by = min(send.started_at + _CALL_BEGINS_WITHIN, now)
            # An echo or a check may have reported the end long after it.
            began_by = min(send.ended_at or began_by, began_by)
            if began_by + timedelta(seconds=2) > now:
                self._pacing.count(channel, now)
            elif send.kind is ReplyKind.PRIVATE_REPLY:
                self._pacing.count_in_the_hour(channel, min(send.started_at, now))
            self.rest(send.contact, began_by, now)

    def claims(self, now: datetime) -> tuple[ClaimReply, ...]:
        """Return the claims of a round, or none if no turn comes within a moment."""
        round_at = self._next_round_at(now)
        if round_at is None or round_at > now:
            return ()
        claims = []
        while (reply := self._next_to_claim(now)) is not None:
            self._contact_queues.take(reply)
            self._moved.add(reply.channel.account_id)
            claims.append(self._claims.request(reply, now))
        return tuple(claims)

    def claims_unanswered(self, now: datetime) -> tuple[ClaimReply, ...]:
        """Return the claims to repeat because their answer is overdue."""
        return self._claims.unanswered(now)

    def claimed(self, claimed: ReplyClaimed) -> None:
        """Queue a reply that is `sending` on disk for its call."""
        self._claims.confirm(claimed)

    def calls(self, now: datetime) -> tuple[DeliverReply, ...]:
        """Return the calls to make now."""
        calls = []
        for reply in self._pacing.reserve_open(self._claims, now):
            self._unclaim(reply)
            self._called[reply.item_id] = reply
            self._under_way.add(reply.item_id)
            obstacle = partial(self._rests.obstacle, reply.contact.account_id)
            calls.append(DeliverReply(reply, obstacle))
        return tuple(calls)

    def started(self, item_id: int, at: datetime) -> None:
        """Count a call from the instant at which it was really made."""
        reply = self._called.pop(item_id, None)
        if reply is not None:
            self._pacing.started(reply.channel, at)
            self._moved.add(reply.channel.account_id)

    def hung_up(self, item_id: int) -> None:
        """Record that the courier of this call is free, without knowing the call's outcome."""
        self._under_way.discard(item_id)
        if (reply := self._called.pop(item_id, None)) is not None:
            self._pacing.release(reply.channel)
            self._moved.add(reply.channel.account_id)

    def ended(self, reply: QueuedReply, now: datetime, *, was_begun: bool = True) -> None:
        """Start the contact's cooldown after a call. Its queue stays blocked until `release`."""
        self.hung_up(reply.item_id)
        if was_begun:
            self.rest(reply.contact, now, now)

    def rest(self, contact: ContactKey, since: datetime, now: datetime) -> None:
        """Send nothing to a contact until its cooldown, counted from `since`, is over."""
        self._contact_queues.rest(contact, since + self._policy.user_cooldown, now)

    def rest_account(self, account: RestingAccount, now: datetime) -> None:
        """Make no call for an account before the end of its rest, or until a stop is ended."""
        rest = self._rests.stop if account.is_stopped else self._rests.rest
        rest(account.account_id, account.until, now)
        self._moved.add(account.account_id)

    def wake_account(self, account_id: str) -> None:
        """End an account's stop. A rest that Instagram asked for stays in force."""
        self._rests.wake(account_id)
        self._moved.add(account_id)

    def release(self, reply: QueuedReply, now: datetime) -> None:
        """Release the contact's queue after this reply has finished."""
        self._contact_queues.release(reply, now)

    def forget(self, item_id: int, now: datetime) -> None:
        """Remove a reply that is no longer to be sent according to the database."""
        if (reply := self._claims.drop(item_id)) is not None:
            self._moved.add(reply.channel.account_id)
        self._contact_queues.discard(item_id, now)

    def unclaim(self) -> tuple[QueuedReply, ...]:
        """Return and give back the replies that are `sending` on disk but were not called yet."""
        return tuple(map(self._unclaim, tuple(self._claims)))

    def withdraw(self) -> tuple[QueuedReply, ...]:
        """Return and give back every claim, answered or not. A later answer is ignored."""
        return tuple(map(self._unclaim, (*self._claims, *self._claims.requested)))

    def outlived(self, now: datetime) -> tuple[QueuedReply, ...]:
        """Return and give back the replies whose claim took too long to prove anything."""
        return tuple(map(self._unclaim, self._claims.outlived(now)))

    def overtaken(self, now: datetime) -> tuple[tuple[QueuedReply, datetime], ...]:
        """Return and give back replies whose account rests by now, with the end of its rest."""
        ahead = now + _CLAIMED_AHEAD
        accounts = {channel.account_id for channel in self._claims.channels}
        rests = {each: self._rests.until(each, now) for each in accounts}
        resting = {each: until for each, until in rests.items() if until and until > ahead}
        if not resting:
            return ()
        overtaken = [each for each in self._claims if each.channel.account_id in resting]
        return tuple((self._unclaim(each), resting[each.channel.account_id]) for each in overtaken)

    def wake_at(self, now: datetime) -> datetime | None:
        """Return when to check again, or None if there is nothing to wait for."""
        if self.is_frozen:
            return None
        turns = [self._pacing.free_at(self._claims.channels, now)] if self._claims.channels else []
        turns.append(self._next_round_at(now))
        turns.append(self._contact_queues.next_change_at())
        return min((turn for turn in turns if turn is not None), default=None)

    @property
    def _has_a_free_courier(self) -> bool:
        # A claim is not given up for a more urgent reply, so none is made that waits for a courier.
        return self._claims.ahead.total() + len(self._under_way) < self._policy.couriers

    def _unclaim(self, reply: QueuedReply) -> QueuedReply:
        self._claims.drop(reply.item_id)
        self._moved.add(reply.channel.account_id)
        return reply

    def _next_round_at(self, now: datetime) -> datetime | None:
        self._place_turns(now)
        if self.is_frozen or not self._has_a_free_courier:
            return None
        own = self._turns.next_at(now)
        overall = self._pacing.overall_free_at(now, self._claims.ahead)
        return None if own is None or overall is None else max(own, overall) - _LEAD

    def _next_to_claim(self, now: datetime) -> QueuedReply | None:
        if not self._has_a_free_courier:
            return None
        overall = self._pacing.overall_free_at(now, self._claims.ahead)
        if overall is None or overall > now + _CLAIMED_AHEAD:
            return None
        self._place_turns(now)
        return self._turns.first(now + _CLAIMED_AHEAD)

    def _place_turns(self, now: datetime) -> None:
        """Update the turns of the channels that have changed, and no others."""
        if self._latest is not None and now < self._latest:
            self._contact_queues.set_back(now, self._policy.user_cooldown)
            self._moved.update(channel.account_id for channel in self._turns)
        self._latest = now
        stale = self._contact_queues.changed(now)
        stale |= {Channel(account_id, kind) for account_id in self._moved for kind in ReplyKind}
        self._moved.clear()
        for channel in stale:
            reply = self._contact_queues.first(channel)
            free_at = None
            if reply is not None:
                free_at = self._pacing.own_free_at(channel, now, self._claims.ahead)
            self._turns.place(channel, reply, free_at, now)
