from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count

from moca.core.outbox.call_results import longest_backoff
from moca.core.outbox.queued_reply import Channel, QueuedReply
from moca.core.types import Author, ContactKey

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Lane:
    """The replies to one contact, of which only the first may go, and only one at a time."""

    __slots__ = ("contact", "free_at", "holders", "ready_in", "replies", "turn")

    def __init__(self, contact: ContactKey) -> None:
        self.contact = contact
        self.replies: list[tuple[int, int, int, QueuedReply]] = []
        self.free_at = _LONG_AGO
        self.holders: set[int] = set()
        """Items under way or in doubt; the lane stands until all have ended."""
        self.turn = 0
        """Its last place in the heaps; an entry of an earlier turn is void."""
        self.ready_in: Channel | None = None
        """Where its first reply may go as far as the contact is concerned."""


class Lanes:
    """Which reply comes first among those that may go, without one contact holding up another.

    Higher priority first, then first come first served. Every operation is logarithmic in the
    number of contacts waiting. Not safe across threads.
    """

    def __init__(self) -> None:
        self._lanes: dict[ContactKey, Lane] = {}
        self._held: dict[int, QueuedReply] = {}
        self._waiting: dict[Channel, dict[int, QueuedReply]] = {}
        """Those held that are not under way, by channel."""
        self._thinned: set[Channel] = set()
        self._ready: dict[Channel, list[tuple[int, int, int, Lane]]] = {}
        self._later: list[tuple[datetime, int, int, Lane]] = []
        self._scheduled: list[tuple[datetime, int, QueuedReply]] = []
        self._changed: set[Channel] = set()
        self._entries = count()
        """Numbers places in the heaps: a reply or a lane that comes back is another entry."""

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._held

    def add(self, reply: QueuedReply, now: datetime) -> None:
        """Take in a reply; one scheduled for later holds up nothing, one in backoff its lane.

        Only people schedule: where the bot's lies ahead, the clock was set back.
        """
        self._held[reply.item_id] = reply
        self._waiting.setdefault(reply.channel, {})[reply.item_id] = reply
        is_scheduled = reply.author is not Author.BOT and reply.attempts == 0
        if is_scheduled and reply.scheduled_for > now:
            heappush(self._scheduled, (reply.scheduled_for, next(self._entries), reply))
        else:
            self._enqueue(reply, now)

    def discard(self, item_id: int, now: datetime) -> QueuedReply | None:
        """Forget a reply, whether it waits or holds its lane; None if it was not here."""
        reply = self._held.get(item_id)
        if reply is not None:
            self.release(reply, now)
        return reply

    @property
    def item_ids(self) -> frozenset[int]:
        """All that is held."""
        return frozenset(self._held)

    def thinned(self) -> dict[Channel, int]:
        """Return how many wait in each channel that some left since this was last asked."""
        thinned, self._thinned = self._thinned, set()
        return {channel: len(self._waiting.get(channel, ())) for channel in thinned}

    def evict(
        self, channel: Channel, after: tuple[int, int], now: datetime
    ) -> tuple[QueuedReply, ...]:
        """Forget what waits in a channel after this priority and item, and what is behind it.

        Returns:
            What was forgotten in other channels, since its contact waits for something evicted.
        """
        waiting = self._waiting.get(channel, {})
        evicted = [each for each in waiting.values() if (each.priority, each.item_id) > after]
        behind = {later.item_id: later for each in evicted for later in self._behind(each)}
        for reply in (*evicted, *behind.values()):
            self.release(reply, now)
        return tuple(behind.values())

    def changed(self, now: datetime) -> set[Channel]:
        """Name the channels whose first reply may be another than when this was last asked."""
        self._wake(now)
        changed, self._changed = self._changed, set()
        return changed

    def first(self, channel: Channel) -> QueuedReply | None:
        """Show a channel's first reply that may go, after `changed` at the same instant."""
        lane = self._first(channel)
        return None if lane is None else lane.replies[0][-1]

    def take(self, reply: QueuedReply) -> None:
        """Let a reply that is first hold its lane until `release`."""
        self._thin(reply)
        lane = self._lanes[reply.contact]
        heappop(lane.replies)
        lane.holders.add(reply.item_id)
        self._move(lane)

    def hold(self, reply: QueuedReply) -> None:
        """Let a reply that an earlier run left under way hold its lane."""
        self._held[reply.item_id] = reply
        self._thin(reply)
        lane = self._lane(reply.contact)
        lane.holders.add(reply.item_id)
        self._move(lane)

    def rest(self, contact: ContactKey, until: datetime, now: datetime) -> None:
        """Let nothing go to a contact before `until`."""
        lane = self._lane(contact)
        lane.free_at = max(lane.free_at, until)
        self._place(lane, now)

    def release(self, reply: QueuedReply, now: datetime) -> None:
        """Let the lane go on without a reply that held it, or waited in it."""
        self._held.pop(reply.item_id, None)
        self._thin(reply)
        lane = self._lanes.get(reply.contact)
        if lane is not None:
            lane.holders.discard(reply.item_id)
            self._place(lane, now)

    def set_back(self, now: datetime, user_cooldown: timedelta) -> None:
        """Follow a clock that was set back: nothing waits longer than its own span from now."""
        for lane in tuple(self._lanes.values()):
            lane.free_at = min(lane.free_at, now + user_cooldown)
            lane.replies = [
                (priority, item_id, entry, self._held_anew(reply, now))
                for priority, item_id, entry, reply in lane.replies
                if self._is_held(reply)
            ]
            heapify(lane.replies)
            self._place(lane, now)

    def next_change_at(self) -> datetime | None:
        """Tell when more may go than now: a contact has rested, or a schedule falls due."""
        coming = [heap[0][0] for heap in (self._later, self._scheduled) if heap]
        return min(coming, default=None)

    def _behind(self, reply: QueuedReply) -> tuple[QueuedReply, ...]:
        """Return what waits for this reply, to the same contact in another channel."""
        lane = self._lanes.get(reply.contact)
        turn = reply.priority, reply.item_id
        return tuple(
            later
            for priority, item_id, _, later in (lane.replies if lane else ())
            if (priority, item_id) > turn
            and later.channel != reply.channel
            and self._is_held(later)
        )

    def _lane(self, contact: ContactKey) -> Lane:
        return self._lanes.setdefault(contact, Lane(contact))

    def _enqueue(self, reply: QueuedReply, now: datetime) -> None:
        lane = self._lane(reply.contact)
        entry = (reply.priority, reply.item_id, next(self._entries), reply)
        heappush(lane.replies, entry)
        self._place(lane, now)

    def _thin(self, reply: QueuedReply) -> None:
        waiting = self._waiting.get(reply.channel)
        if waiting is None or waiting.pop(reply.item_id, None) is None:
            return
        self._thinned.add(reply.channel)
        if not waiting:
            del self._waiting[reply.channel]

    def _held_anew(self, reply: QueuedReply, now: datetime) -> QueuedReply:
        if not reply.attempts:
            return reply
        by = min(reply.scheduled_for, now + longest_backoff(reply.attempts))
        anew = self._held[reply.item_id] = replace(reply, scheduled_for=by)
        self._waiting[reply.channel][reply.item_id] = anew
        return anew

    def _move(self, lane: Lane) -> None:
        lane.turn = next(self._entries)
        if lane.ready_in is not None:
            self._changed.add(lane.ready_in)
            lane.ready_in = None

    def _place(self, lane: Lane, now: datetime) -> None:
        self._move(lane)
        if lane.holders:
            return
        while lane.replies and not self._is_held(lane.replies[0][-1]):
            heappop(lane.replies)
        if not lane.replies:
            if lane.free_at <= now:
                self._lanes.pop(lane.contact, None)
            else:
                heappush(self._later, (lane.free_at, id(lane), lane.turn, lane))
            return
        priority, item_id, _, reply = lane.replies[0]
        backoff_until = reply.scheduled_for if reply.attempts else _LONG_AGO
        free_at = max(lane.free_at, backoff_until)
        if free_at > now:
            heappush(self._later, (free_at, item_id, lane.turn, lane))
        else:
            channel = lane.ready_in = reply.channel
            heappush(self._ready.setdefault(channel, []), (priority, item_id, lane.turn, lane))
            self._changed.add(channel)

    def _is_held(self, reply: QueuedReply) -> bool:
        return self._held.get(reply.item_id) is reply

    def _wake(self, now: datetime) -> None:
        while self._scheduled and self._scheduled[0][0] <= now:
            _, _, reply = heappop(self._scheduled)
            if self._is_held(reply):
                self._enqueue(reply, now)
        while self._later and self._later[0][0] <= now:
            _, _, turn, lane = heappop(self._later)
            if turn == lane.turn:
                self._place(lane, now)

    def _first(self, channel: Channel) -> Lane | None:
        ready = self._ready.get(channel, [])
        while ready:
            *_, turn, lane = ready[0]
            if turn == lane.turn:
                return lane
            heappop(ready)
        self._ready.pop(channel, None)
        return None
