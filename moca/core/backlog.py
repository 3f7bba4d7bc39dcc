from collections.abc import Mapping
from datetime import datetime

from moca.core.channel import Channel, Kind
from moca.core.reply import QueuedReply

Turn = tuple[int, int]
"""A reply's priority and item: what comes first among those of one channel is the least."""

NOTHING: Turn = (-1, 0)
"""Comes before every reply."""


class Backlog:
    """Knows up to where each channel's pending replies are in memory; the rest is on disk alone.

    A newer reply must not overtake those on disk, neither in its channel nor to its contact, who
    may wait in another one of the same account. Not safe across threads.
    """

    def __init__(self) -> None:
        self._ends: dict[Channel, Turn] = {}
        """Of the channels that have more on disk, the last turn up to which all is in memory."""
        self._left: dict[Channel, Turn] = {}
        """Before which turn something was left on disk since the database was last asked."""
        self._window = 0
        self._look_at: datetime | None = None
        self._is_looking = False
        self._wants_look = False

    def admits(self, reply: QueuedReply) -> bool:
        """Return whether a reply overtakes nothing on disk if it is taken into memory."""
        channel = reply.channel
        if _turn(reply) > self._end(channel):
            return False
        others = (Channel(channel.account_id, kind) for kind in Kind if kind is not channel.kind)
        return not any(other in self._ends for other in others)

    def leave(self, reply: QueuedReply) -> None:
        """Note that a reply is on disk alone; the database is asked if its turn may have come."""
        channel, end = reply.channel, (reply.priority, reply.item_id - 1)
        self._wants_look |= _turn(reply) <= self._end(channel)
        self._ends[channel] = min(end, self._end(channel))
        self._left[channel] = min(end, self._left.get(channel, end))

    def thinned(self, waiting: Mapping[Channel, int]) -> None:
        """Note how many are left in memory of the channels that some were taken from."""
        few = self._window // 2
        self._wants_look |= any(
            count <= few and self._ends.get(channel, NOTHING) != NOTHING
            for channel, count in waiting.items()
        )

    def changed(self) -> None:
        """Note that what kept a channel's replies on disk may be over."""
        self._wants_look = True

    def wants_look(self, now: datetime) -> bool:
        """Return whether the database is to be asked now."""
        is_due = self._look_at is not None and self._look_at <= now
        return (self._wants_look or is_due) and not self._is_looking

    def wake_at(self) -> datetime | None:
        """Return when the database is to be asked, if nothing happens before."""
        return None if self._is_looking else self._look_at

    def asked(self, look_at: datetime | None) -> None:
        """Note that the database was asked, and when what was left out is to be asked for."""
        self._is_looking, self._wants_look = True, False
        self._look_at = look_at
        self._left.clear()

    def found(self, ends: Mapping[Channel, Turn], window: int) -> None:
        """Take in up to where the channels are in memory now, each with so many at most."""
        self._is_looking = False
        self._window = window
        self._ends = dict(ends)
        for channel, end in self._left.items():
            if end < self._end(channel):
                self._ends[channel] = end
                self._wants_look = True

    def _end(self, channel: Channel) -> Turn:
        return self._ends.get(channel, _NO_END)


_NO_END: Turn = (2**31, 0)


def _turn(reply: QueuedReply) -> Turn:
    return reply.priority, reply.item_id


def window_for(capacity: int, channels: int) -> int:
    """Return how many replies of each channel are held in memory, at least one."""
    return max(1, capacity // max(1, channels))
