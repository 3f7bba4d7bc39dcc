from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from moca.core.messages.delivery import ClaimReply, DeliverReply, RecentSend, ReplyClaimed
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.backlog import Turn
from moca.core.outbox.contact_queues import Lanes
from moca.core.outbox.queued_reply import Channel, Kind, QueuedReply
from moca.core.outbox.rate_limits import Blocked, Pacing
from moca.core.outbox.turns import Turns
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey

_LEAD = timedelta(milliseconds=100)
"""How long before its turn a reply is claimed, so that the write costs the pace nothing."""

_CALL_BEGINS_WITHIN = timedelta(seconds=15)
"""How long after its claim a call may begin, where the claim is slow to be written."""

_CLAIM_TAKES = timedelta(seconds=10)
"""After so long it is asked for again, and what comes of it later is given back: by a claim's
instant a later run knows when the call began."""

_NOBODY: Counter[Channel] = Counter()


class Outbox:
    """Decides which reply goes when.

    A reply is claimed on disk shortly before its turn, called when its turn has come, and holds
    its contact's lane until its end is known. Pure but for its own state; not safe across threads.
    """

    def __init__(self, policy: SenderPolicy, rests: AccountRests | None = None) -> None:
        self._policy = policy
        self._lanes = Lanes()
        self._rests = rests or AccountRests()
        self._pacing = Pacing(policy, self._rests)
        self._turns = Turns()
        self._moved: set[str] = set()
        """Accounts of which a limit counts something else than when their turns were placed."""
        self._latest: datetime | None = None
        self._claiming: dict[int, ClaimReply] = {}
        self._claimed: deque[ReplyClaimed] = deque()
        self._called: dict[int, QueuedReply] = {}
        """Handed to a courier who has not said yet that the call is being made."""
        self._under_way: set[int] = set()
        """Handed to a courier who has not said yet how the call ended."""
        self._ahead: Counter[Channel] = Counter()  # Without zeros: its total is asked for often.
        """By channel, the replies claimed or being claimed that wait for their turn."""
        self.is_frozen = False
        """Whether nothing is to go; what is claimed is to be given back."""

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._lanes

    @property
    def room(self) -> int:
        """How many more replies may be held in memory."""
        return self._policy.capacity - len(self._lanes)

    @property
    def item_ids(self) -> frozenset[int]:
        """All replies in memory, those under way among them."""
        return self._lanes.item_ids

    def thinned(self) -> dict[Channel, int]:
        """Return how many wait in each channel that some left since this was last asked."""
        return self._lanes.thinned()

    def evict(self, channel: Channel, after: Turn, now: datetime) -> tuple[QueuedReply, ...]:
        """Leave to the database what waits in a channel after this turn, and what is behind it.

        Returns:
            What was left of other channels, since its contact waits for something evicted.
        """
        return self._lanes.evict(channel, after, now)

    def blocked(self, now: datetime) -> Blocked:
        """Return of which accounts and channels nothing can go for a while."""
        return self._pacing.blocked(now)

    @property
    def under_way(self) -> frozenset[int]:
        """The calls that couriers are busy with, by item."""
        return frozenset(self._under_way)

    def keep_under_way(self, item_ids: Iterable[int]) -> None:
        """Reckon with couriers who are busy since before this outbox was made."""
        self._under_way.update(item_ids)

    def add(self, reply: QueuedReply, now: datetime) -> bool:
        """Take in a pending reply, unless it is here; False if it is left to the database."""
        if reply.item_id not in self._lanes:
            if self.room <= 0:
                return False
            self._lanes.add(reply, now)
        return True

    def put_back(self, reply: QueuedReply, now: datetime) -> None:
        """Take in a pending reply even where there is no room for it, so that it keeps its turn."""
        if reply.item_id not in self._lanes:
            self._lanes.add(reply, now)

    def hold(self, reply: QueuedReply) -> None:
        """Let a reply whose fate is not known hold up its lane."""
        self._lanes.hold(reply)

    def count_recent(self, sends: Iterable[RecentSend], now: datetime) -> None:
        """Respect what an earlier run sent within the limits' windows."""
        for send in sends:
            channel = Channel(send.contact.account_id, send.kind)
            self._moved.add(channel.account_id)
            if send.started_at + timedelta(seconds=2) > now:
                self._pacing.count(channel, now)
            elif send.kind is Kind.PRIVATE_REPLY:
                self._pacing.count_in_the_hour(channel, min(send.started_at, now))
            began_by = min(send.started_at + _CALL_BEGINS_WITHIN, now)
            # An echo or a reading may have told of the end long after it.
            self.rest(send.contact, min(send.ended_at or began_by, began_by), now)

    def claims(self, now: datetime) -> tuple[ClaimReply, ...]:
        """Say which replies to claim, because their turn comes within a moment."""
        claims = []
        while (reply := self._next_to_claim(now)) is not None:
            self._lanes.take(reply)
            claim = self._claiming[reply.item_id] = ClaimReply(reply, now)
            self._expect(reply.channel, 1)
            claims.append(claim)
        return tuple(claims)

    def claims_unanswered(self, now: datetime) -> tuple[ClaimReply, ...]:
        """Say again which replies to claim, where the answer should have come by now."""
        return tuple(each for each in self._claiming.values() if _is_overdue(each.at, now))

    def claimed(self, claimed: ReplyClaimed) -> None:
        """Let a reply that is `sending` on disk wait for its turn."""
        asked = self._claiming.get(claimed.reply.item_id)
        if asked is not None and asked.at == claimed.at:
            del self._claiming[claimed.reply.item_id]
            self._claimed.append(claimed)

    def calls(self, now: datetime) -> tuple[DeliverReply, ...]:
        """Say which calls to make, because their turn has come."""
        calls = []
        for claimed in tuple(self._claimed):
            reply = claimed.reply
            free_at = self._pacing.free_at(reply.channel, now, _NOBODY)
            if free_at is not None and free_at <= now:
                self._unclaim(claimed)
                self._pacing.reserve(reply.channel)
                self._moved.add(reply.channel.account_id)
                self._called[reply.item_id] = reply
                self._under_way.add(reply.item_id)
                calls.append(DeliverReply(reply))
        return tuple(calls)

    def started(self, item_id: int, at: datetime) -> None:
        """Count a call from when it was really made."""
        reply = self._called.pop(item_id, None)
        if reply is not None:
            self._pacing.started(reply.channel, at)
            self._moved.add(reply.channel.account_id)

    def hung_up(self, item_id: int) -> None:
        """Note that the courier who made this call is free, where nothing else is known of it."""
        self._under_way.discard(item_id)

    def ended(self, reply: QueuedReply, now: datetime) -> None:
        """Let the contact rest after a call; the lane stands until `release`."""
        if self._called.pop(reply.item_id, None) is not None:
            self._pacing.release(reply.channel)
            self._moved.add(reply.channel.account_id)
        self.hung_up(reply.item_id)
        self.rest(reply.contact, now, now)

    def rest(self, contact: ContactKey, since: datetime, now: datetime) -> None:
        """Let nothing go to a contact for the span per user."""
        self._lanes.rest(contact, since + self._policy.user_cooldown, now)

    def rest_account(self, account_id: str, until: datetime, now: datetime) -> None:
        """Let nothing go for an account before `until`."""
        self._rests.rest(account_id, until, now)
        self._moved.add(account_id)

    def stop_account(self, account_id: str, until: datetime, now: datetime) -> None:
        """Let nothing go for an account before `until`, unless it is woken."""
        self._rests.stop(account_id, until, now)
        self._moved.add(account_id)

    def wake_account(self, account_id: str) -> None:
        """Let a stopped account go on; a rest that Instagram asked for stands."""
        self._rests.wake(account_id)
        self._moved.add(account_id)

    def release(self, reply: QueuedReply, now: datetime) -> None:
        """Let a contact's next reply go; this one has ended."""
        self._lanes.release(reply, now)

    def forget(self, item_id: int, now: datetime) -> None:
        """Drop a reply that the database no longer wants sent."""
        asked = self._claiming.pop(item_id, None)
        if asked is not None:
            self._expect(asked.reply.channel, -1)
        for claimed in [each for each in self._claimed if each.reply.item_id == item_id]:
            self._unclaim(claimed)
        self._lanes.discard(item_id, now)

    def unclaim(self) -> tuple[QueuedReply, ...]:
        """Give back what is `sending` on disk but was not called yet."""
        return tuple(map(self._unclaim, tuple(self._claimed)))

    def withdraw(self) -> tuple[QueuedReply, ...]:
        """Give back every claim, whether it was answered yet or not; a later answer is ignored."""
        asked = tuple(claim.reply for claim in self._claiming.values())
        for reply in asked:
            del self._claiming[reply.item_id]
            self._expect(reply.channel, -1)
        return (*self.unclaim(), *asked)

    def outlived(self, now: datetime) -> tuple[QueuedReply, ...]:
        """Give back what was so long in being claimed that the claim tells nothing any more."""
        late = [each for each in self._claimed if _is_overdue(each.at, now)]
        return tuple(map(self._unclaim, late))

    def overtaken(self, now: datetime) -> tuple[tuple[QueuedReply, datetime], ...]:
        """Give back what was claimed before its account came to rest, and until when it does."""
        resting = [(each, self._rests_until(each.reply, now)) for each in self._claimed]
        return tuple(
            (self._unclaim(each), until)
            for each, until in resting
            if until is not None and until > now + _LEAD
        )

    def wake_at(self, now: datetime) -> datetime | None:
        """Tell when to look again, if nothing happens before."""
        if self.is_frozen:
            return None
        turns = [self._pacing.free_at(c.reply.channel, now, _NOBODY) for c in self._claimed]
        self._place_turns(now)
        if self._has_a_free_courier:
            own = self._turns.next_at(now)
            overall = self._pacing.overall_free_at(now, self._ahead)
            turns.append(None if own is None or overall is None else max(own, overall) - _LEAD)
        turns.append(self._lanes.next_change_at())
        return min((turn for turn in turns if turn is not None), default=None)

    @property
    def _has_a_free_courier(self) -> bool:
        # A claim is not taken back for what is more urgent, so none is made to wait for a courier.
        return self._ahead.total() + len(self._under_way) < self._policy.couriers

    def _unclaim(self, claimed: ReplyClaimed) -> QueuedReply:
        self._claimed.remove(claimed)
        self._expect(claimed.reply.channel, -1)
        return claimed.reply

    def _expect(self, channel: Channel, more: int) -> None:
        self._ahead[channel] += more
        if not self._ahead[channel]:
            del self._ahead[channel]
        self._moved.add(channel.account_id)

    def _rests_until(self, reply: QueuedReply, now: datetime) -> datetime | None:
        return self._rests.until(reply.contact.account_id, now)

    def _next_to_claim(self, now: datetime) -> QueuedReply | None:
        if self.is_frozen or not self._has_a_free_courier:
            return None
        overall = self._pacing.overall_free_at(now, self._ahead)
        if overall is None or overall > now + _LEAD:
            return None
        self._place_turns(now)
        return self._turns.first(now + _LEAD)

    def _place_turns(self, now: datetime) -> None:
        """Place the channels anew of which something has changed, and no others."""
        if self._latest is not None and now < self._latest:
            self._lanes.set_back(now, self._policy.user_cooldown)
            self._moved.update(channel.account_id for channel in self._turns)
        self._latest = now
        stale = self._lanes.changed(now)
        stale |= {Channel(account_id, kind) for account_id in self._moved for kind in Kind}
        self._moved.clear()
        for channel in stale:
            reply = self._lanes.first(channel)
            free_at = None
            if reply is not None:
                free_at = self._pacing.own_free_at(channel, now, self._ahead)
            self._turns.place(channel, reply, free_at, now)


def _is_overdue(claimed_at: datetime, now: datetime) -> bool:
    # Either way: by a clock that was set back, it would not be overdue for long.
    return abs(now - claimed_at) > _CLAIM_TAKES
