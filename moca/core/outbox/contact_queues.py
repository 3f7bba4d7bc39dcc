from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count

from moca.core.outbox.call_results import max_backoff
from moca.core.outbox.queued_reply import Channel, QueuedReply
from moca.core.types import Author, ContactKey

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ContactQueue:
    """The replies to one contact. Only the first may go, one at a time."""

    __slots__ = ("contact", "free_at", "holders", "ready_in", "replies", "turn")

    def __init__(self, contact: ContactKey) -> None:
        self.contact = contact
        self.replies: list[tuple[int, int, int, QueuedReply]] = []
        self.free_at = _LONG_AGO
        self.holders: set[int] = set()
        """Items being sent or unconfirmed; the queue is blocked until all have ended."""
        self.turn = 0
        """Its latest entry in the heaps; entries of earlier turns are void."""
        self.ready_in: Channel | None = None
        """The channel in which its first reply is ready, as far as this contact is concerned."""


class ContactQueues:
    """Orders the replies that may go, so that no contact holds up another.

    Higher priority first, then first come, first served. Every operation is logarithmic in the
    number of waiting contacts. Not thread-safe.
    """

    def __init__(self) -> None:
        self._contact_queues: dict[ContactKey, ContactQueue] = {}
        self._held: dict[int, QueuedReply] = {}
        self._waiting: dict[Channel, dict[int, QueuedReply]] = {}
        """The replies in memory that are not being sent, by channel."""
        self._thinned: set[Channel] = set()
        self._ready: dict[Channel, list[tuple[int, int, int, ContactQueue]]] = {}
        self._later: list[tuple[datetime, int, int, ContactQueue]] = []
        self._scheduled: list[tuple[datetime, int, QueuedReply]] = []
        self._changed: set[Channel] = set()
        self._entries = count()
        """Numbers the heap entries: a reply or queue that returns gets a new entry."""

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._held

    def add(self, reply: QueuedReply, now: datetime) -> None:
        """Add a reply.

        One scheduled for later blocks nothing; one in backoff blocks its contact queue, but never
        for longer than its backoff from now: a clock set back would make it wait for hours.

        Only people schedule replies: if a bot's reply is due in the future, the clock was set back.
        """
        reply = _with_shorter_backoff(reply, now)
        self._held[reply.item_id] = reply
        self._waiting.setdefault(reply.channel, {})[reply.item_id] = reply
        is_scheduled = reply.author is not Author.BOT and reply.attempts == 0
        if is_scheduled and reply.scheduled_for > now:
            heappush(self._scheduled, (reply.scheduled_for, next(self._entries), reply))
        else:
            self._enqueue(reply, now)

    def discard(self, item_id: int, now: datetime) -> QueuedReply | None:
        """Remove a reply, waiting or being sent, and return it; None if it is not here."""
        reply = self._held.get(item_id)
        if reply is not None:
            self.release(reply, now)
        return reply

    @property
    def item_ids(self) -> frozenset[int]:
        """The items in memory, including those being sent."""
        return frozenset(self._held)

    def thinned(self) -> dict[Channel, int]:
        """Return how many replies wait in each channel that lost some since the last call."""
        thinned, self._thinned = self._thinned, set()
        return {channel: len(self._waiting.get(channel, ())) for channel in thinned}

    def evict(
        self, channel: Channel, after: tuple[int, int], now: datetime
    ) -> tuple[QueuedReply, ...]:
        """Remove what waits in a channel after this turn, and what is queued behind it.

        Returns:
            The replies removed from other channels because their contact waits for an evicted one.
        """
        waiting = self._waiting.get(channel, {})
        evicted = [each for each in waiting.values() if (each.priority, each.item_id) > after]
        behind = {later.item_id: later for each in evicted for later in self._behind(each)}
        for reply in (*evicted, *behind.values()):
            self.release(reply, now)
        return tuple(behind.values())

    def changed(self, now: datetime) -> set[Channel]:
        """Return the channels whose first reply may have changed since the last call."""
        self._wake(now)
        changed, self._changed = self._changed, set()
        return changed

    def first(self, channel: Channel) -> QueuedReply | None:
        """Return a channel's first reply that may go. Call `changed` for the same instant first."""
        contact_queue = self._first(channel)
        return None if contact_queue is None else contact_queue.replies[0][-1]

    def take(self, reply: QueuedReply) -> None:
        """Mark a first reply as being sent; it blocks its contact queue until `release`."""
        self._thin(reply)
        contact_queue = self._contact_queues[reply.contact]
        heappop(contact_queue.replies)
        contact_queue.holders.add(reply.item_id)
        self._move(contact_queue)

    def hold(self, reply: QueuedReply) -> None:
        """Block the contact queue of a reply that an earlier run left in progress."""
        self._held[reply.item_id] = reply
        self._thin(reply)
        contact_queue = self._contact_queue(reply.contact)
        contact_queue.holders.add(reply.item_id)
        self._move(contact_queue)

    def rest(self, contact: ContactKey, until: datetime, now: datetime) -> None:
        """Send nothing to the contact before `until`."""
        contact_queue = self._contact_queue(contact)
        contact_queue.free_at = max(contact_queue.free_at, until)
        self._place(contact_queue, now)

    def release(self, reply: QueuedReply, now: datetime) -> None:
        """Remove a reply that waits in its contact queue or blocks it; the queue continues."""
        self._held.pop(reply.item_id, None)
        self._thin(reply)
        contact_queue = self._contact_queues.get(reply.contact)
        if contact_queue is not None:
            contact_queue.holders.discard(reply.item_id)
            self._place(contact_queue, now)

    def set_back(self, now: datetime, user_cooldown: timedelta) -> None:
        """Adjust to a clock that was set back: nothing waits longer than its own span from now."""
        for contact_queue in tuple(self._contact_queues.values()):
            contact_queue.free_at = min(contact_queue.free_at, now + user_cooldown)
            contact_queue.replies = [
                (priority, item_id, entry, self._shorten_backoff(reply, now))
                for priority, item_id, entry, reply in contact_queue.replies
                if self._is_held(reply)
            ]
            heapify(contact_queue.replies)
            self._place(contact_queue, now)

    def next_change_at(self) -> datetime | None:
        """Return when more replies become ready, or None if there are none to wait for."""
        coming = [heap[0][0] for heap in (self._later, self._scheduled) if heap]
        return min(coming, default=None)

    def _behind(self, reply: QueuedReply) -> tuple[QueuedReply, ...]:
        """Return the replies to the same contact in other channels that wait for this one."""
        contact_queue = self._contact_queues.get(reply.contact)
        turn = reply.priority, reply.item_id
        return tuple(
            later
            for priority, item_id, _, later in (contact_queue.replies if contact_queue else ())
            if (priority, item_id) > turn
            and later.channel != reply.channel
            and self._is_held(later)
        )

    def _contact_queue(self, contact: ContactKey) -> ContactQueue:
        return self._contact_queues.setdefault(contact, ContactQueue(contact))

    def _enqueue(self, reply: QueuedReply, now: datetime) -> None:
        contact_queue = self._contact_queue(reply.contact)
        entry = (reply.priority, reply.item_id, next(self._entries), reply)
        heappush(contact_queue.replies, entry)
        self._place(contact_queue, now)

    def _thin(self, reply: QueuedReply) -> None:
        waiting = self._waiting.get(reply.channel)
        if waiting is None or waiting.pop(reply.item_id, None) is None:
            return
        self._thinned.add(reply.channel)
        if not waiting:
            del self._waiting[reply.channel]

    def _shorten_backoff(self, reply: QueuedReply, now: datetime) -> QueuedReply:
        shorter = self._held[reply.item_id] = _with_shorter_backoff(reply, now)
        self._waiting[reply.channel][reply.item_id] = shorter
        return shorter

    def _move(self, contact_queue: ContactQueue) -> None:
        contact_queue.turn = next(self._entries)
        if contact_queue.ready_in is not None:
            self._changed.add(contact_queue.ready_in)
            contact_queue.ready_in = None

    def _place(self, contact_queue: ContactQueue, now: datetime) -> None:
        self._move(contact_queue)
        if contact_queue.holders:
            return
        while contact_queue.replies and not self._is_held(contact_queue.replies[0][-1]):
            heappop(contact_queue.replies)
        if not contact_queue.replies:
            if contact_queue.free_at <= now:
                self._contact_queues.pop(contact_queue.contact, None)
            else:
                heappush(
                    self._later,
                    (contact_queue.free_at, id(contact_queue), contact_queue.turn, contact_queue),
                )
            return
        priority, item_id, _, reply = contact_queue.replies[0]
        backoff_until = reply.scheduled_for if reply.attempts else _LONG_AGO
        free_at = max(contact_queue.free_at, backoff_until)
        if free_at > now:
            heappush(self._later, (free_at, item_id, contact_queue.turn, contact_queue))
        else:
            channel = contact_queue.ready_in = reply.channel
            heappush(
                self._ready.setdefault(channel, []),
                (priority, item_id, contact_queue.turn, contact_queue),
            )
            self._changed.add(channel)

    def _is_held(self, reply: QueuedReply) -> bool:
        return self._held.get(reply.item_id) is reply

    def _wake(self, now: datetime) -> None:
        while self._scheduled and self._scheduled[0][0] <= now:
            _, _, reply = heappop(self._scheduled)
            if self._is_held(reply):
                self._enqueue(reply, now)
        while self._later and self._later[0][0] <= now:
            _, _, turn, contact_queue = heappop(self._later)
            if turn == contact_queue.turn:
                self._place(contact_queue, now)

    def _first(self, channel: Channel) -> ContactQueue | None:
        ready = self._ready.get(channel, [])
        while ready:
            *_, turn, contact_queue = ready[0]
            if turn == contact_queue.turn:
                return contact_queue
            heappop(ready)
        self._ready.pop(channel, None)
        return None


def _with_shorter_backoff(reply: QueuedReply, now: datetime) -> QueuedReply:
    latest = now + max_backoff(reply.attempts)
    if not reply.attempts or reply.scheduled_for <= latest:
        return reply
    return replace(reply, scheduled_for=latest)
