from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from moca.core.messages.delivery import FindPending, PendingFound
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyKind
from moca.core.outbox.rate_limits import Blocked
from moca.core.policy import SenderPolicy

Turn = tuple[int, int]
"""A reply's priority and item id; within a channel the lowest goes first."""

_APART = timedelta(seconds=1)
"""The minimum time between two scans of every channel."""

NOTHING: Turn = (-1, 0)
"""Sorts before every reply."""


class Backlog:
    """Tracks up to which turn each channel's pending replies are in memory, not only on disk.

    A newer reply must not overtake those on disk, neither in its channel nor in another channel of
    the same account whose replies go to the same contact. Not thread-safe.
    """

    def __init__(self, policy: SenderPolicy) -> None:
        self._policy = policy
        self._ends: dict[Channel, Turn] = {}
        """For each channel with more on disk, the last turn up to which all is in memory."""
        self._left: dict[Channel, Turn] = {}
        """The turn before the earliest reply left on disk since the last query."""
        self._window = 1
        self._wanted: set[str] = set()
        """The accounts whose pending replies are to be read from disk."""
        self._all_at: datetime | None = None
        """When to query every channel at the latest."""
        self._asked_all_at: datetime | None = None
        self._is_looking = False

    def admits(self, reply: QueuedReply) -> bool:
        """Return whether the reply can be loaded into memory without overtaking a reply on disk."""
        channel = reply.channel
        if _turn(reply) > self._end(channel):
            return False
        others = (
            Channel(channel.account_id, kind) for kind in ReplyKind if kind is not channel.kind
        )
        return not any(other in self._ends for other in others)

    def leave(self, reply: QueuedReply, now: datetime, *, is_crowded: bool = False) -> None:
        """Record that a reply is only on disk, and query its account if its turn may have come.

        If memory was full although the reply could go, every channel's share is reviewed too.
        """
        if is_crowded:
            self.look_at_all(now)
        channel, end = reply.channel, (reply.priority, reply.item_id - 1)
        if _turn(reply) <= self._end(channel):
            self._wanted.add(channel.account_id)
        self._ends[channel] = min(end, self._end(channel))
        self._left[channel] = min(end, self._left.get(channel, end))

    def thinned(self, waiting: Mapping[Channel, int]) -> None:
        """Record how many replies remain in memory for the channels that lost some."""
        few = self._window // 2
        self._wanted.update(
            channel.account_id
            for channel, count in waiting.items()
            if count <= few and self._ends.get(channel, NOTHING) != NOTHING
        )

    def look_at_all(self, now: datetime) -> None:
        """Schedule a query for every channel, at most once per second."""
        since = self._asked_all_at
        at = now if since is None or since > now else max(now, since + _APART)
        self._all_at = min(at, self._all_at or at)

    def sweep(self, now: datetime) -> None:
        """Schedule a query for every channel at once."""
        self._all_at = now

    def wants_look(self, now: datetime) -> bool:
        """Return whether to query the database now."""
        return not self._is_looking and (bool(self._wanted) or self._is_due(now))

    def wake_at(self) -> datetime | None:
        """Return when to query the database at the latest, or None if nothing is scheduled."""
        return None if self._is_looking else self._all_at

    def ask(self, now: datetime, blocked: Blocked, held: frozenset[int]) -> FindPending:
        """Return the query to make: every channel if that is due, else the accounts that need one.

        For such an account all channels are read, because a contact may wait in several.
        """
        only: frozenset[str] | None = frozenset(self._wanted)
        if self._is_due(now):
            only, self._all_at, self._asked_all_at = None, blocked.look_at, now
        self._is_looking = True
        self._wanted.clear()
        self._left.clear()
        limit = self._policy.capacity if only is None else self._window
        due_before, left_out = now + self._policy.horizon, (blocked.accounts, blocked.channels)
        return FindPending(limit, now, due_before, False, *left_out, held, only)

    def found(self, found: PendingFound) -> None:
        """Record up to which turn each channel is in memory after a query."""
        self._is_looking = False
        only = found.only
        if only is None:
            self._ends, self._window = dict(found.ends), found.window
        else:
            kept = {c: end for c, end in self._ends.items() if c.account_id not in only}
            self._ends = kept | dict(found.ends)
        for channel, end in self._left.items():
            if end < self._end(channel):
                self._ends[channel] = end
                self._wanted.add(channel.account_id)

    def _is_due(self, now: datetime) -> bool:
        return self._all_at is not None and self._all_at <= now

    def _end(self, channel: Channel) -> Turn:
        return self._ends.get(channel, _NO_END)


_NO_END: Turn = (2**31, 0)


def _turn(reply: QueuedReply) -> Turn:
    return reply.priority, reply.item_id


def window_for(capacity: int, channels: int) -> int:
    """Return how many replies of each channel are kept in memory, at least one."""
    return max(1, capacity // max(1, channels))


def fill_windows(
    turns: Mapping[str, Sequence[Turn]],
    earlier: Mapping[int, Collection[int]],
    held: Collection[int],
    window: int,
) -> dict[str, list[Turn]]:
    """Return each channel's first turns, at most `window`, that need not wait for one on disk.

    Args:
        turns: Each channel's first turns, in order.
        earlier: For each item, the earlier ones to its contact that may not be among them.
        held: The items in memory.
        window: The maximum for one channel.
    """
    filled: dict[str, list[Turn]] = {channel: [] for channel in turns}
    loaded = set(held)
    in_order = sorted((turn, channel) for channel, each in turns.items() for turn in each)
    for turn, channel in in_order:
        _, item_id = turn
        may_load = item_id in loaded or loaded.issuperset(earlier.get(item_id, ()))
        if may_load and len(filled[channel]) < window:
            filled[channel].append(turn)
            loaded.add(item_id)
    return filled
