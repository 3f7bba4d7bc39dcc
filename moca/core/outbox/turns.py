from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count

from moca.core.outbox.queued_reply import Channel, QueuedReply

_SLACK = 64


@dataclass(frozen=True, slots=True)
class _Place:
    reply: QueuedReply
    free_at: datetime | None
    """None if only its turn is left to wait for."""
    number: int


class Turns:
    """Finds the channel whose first reply goes next; the cost does not grow with the channels.

    A channel is placed again whenever its first reply, or the time at which it may go, has changed.
    Higher priority first, then first come, first served. Not thread-safe.
    """

    def __init__(self) -> None:
        self._places: dict[Channel, _Place] = {}
        self._open: list[tuple[int, int, int, Channel]] = []
        self._later: list[tuple[datetime, int, Channel]] = []
        self._numbers = count()

    def __iter__(self) -> Iterator[Channel]:
        return iter(tuple(self._places))

    def place(
        self, channel: Channel, reply: QueuedReply | None, free_at: datetime | None, now: datetime
    ) -> None:
        """Set a channel's first reply and when its limits allow it, or remove it with None."""
        if reply is None or free_at is None:
            self._places.pop(channel, None)
            return
        waits_until = free_at if free_at > now else None
        known = self._places.get(channel)
        if known is not None and known.reply is reply and known.free_at == waits_until:
            return
        number = next(self._numbers)
        self._places[channel] = _Place(reply, waits_until, number)
        if waits_until is None:
            heappush(self._open, (reply.priority, reply.item_id, number, channel))
        else:
            heappush(self._later, (waits_until, number, channel))
        self._drop_void()

    def first(self, by: datetime) -> QueuedReply | None:
        """Return the first reply among the channels that are free by then, or None."""
        self._open_those_free(by)
        while self._open:
            *_, number, channel = self._open[0]
            if self._is_valid(number, channel):
                return self._places[channel].reply
            heappop(self._open)
        return None

    def next_at(self, now: datetime) -> datetime | None:
        """Return when the next channel is free, or None if no channel has a reply that may go."""
        if self.first(now) is not None:
            return now
        while self._later and not self._is_valid(*self._later[0][1:]):
            heappop(self._later)
        return self._later[0][0] if self._later else None

    def _open_those_free(self, by: datetime) -> None:
        while self._later and self._later[0][0] <= by:
            _, number, channel = heappop(self._later)
            if self._is_valid(number, channel):
                reply = self._places[channel].reply
                heappush(self._open, (reply.priority, reply.item_id, number, channel))

    def _is_valid(self, number: int, channel: Channel) -> bool:
        place = self._places.get(channel)
        return place is not None and place.number == number

    def _drop_void(self) -> None:
        if len(self._open) + len(self._later) <= 2 * len(self._places) + _SLACK:
            return
        self._open = [each for each in self._open if self._is_valid(*each[2:])]
        self._later = [each for each in self._later if self._is_valid(*each[1:])]
        heapify(self._open)
        heapify(self._later)
