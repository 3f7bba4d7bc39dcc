"""A fake broker that keeps RabbitMQ's guarantees and no more, stepped by the test."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from moca.broker.parcel import (
    TOKEN,
    BrokerConnected,
    BrokerLost,
    DeliveredParcel,
    DeliveryTag,
    Parcel,
)

PREFETCH = 64


@dataclass
class BrokerQueue:
    waiting: deque[tuple[Parcel, bool]] = field(default_factory=deque[tuple[Parcel, bool]])
    """Of parcels, and whether each was delivered before."""
    line: list[tuple["StandInConnection", int]] = field(default_factory=list)
    """The candidates, the active consumer first."""


class StandInBroker:
    """Queues with a single active consumer each, which is not notified of becoming active.

    Unacknowledged parcels return to the front when their consumer leaves, and are delivered to the
    next one as redelivered; an unacknowledged parcel may be delivered again, never lost.
    """

    def __init__(self) -> None:
        self.queues: dict[str, BrokerQueue] = {}
        self.is_up = True

    def queue(self, seat: str) -> BrokerQueue:
        """Return a seat's queue."""
        return self.queues.setdefault(seat, BrokerQueue())

    def step(self) -> bool:
        """Deliver what can be delivered; return whether there was anything."""
        return any(self._deliver(seat, queue) for seat, queue in self.queues.items())

    def _deliver(self, seat: str, queue: BrokerQueue) -> bool:
        moved = False
        while queue.line and queue.waiting:
            node, term = queue.line[0]
            if len(node.owed_of(seat)) >= PREFETCH:
                break
            parcel, came_before = queue.waiting.popleft()
            node.hand_over(seat, term, parcel, came_before)
            moved = True
        return moved


class StandInConnection:
    """One node's connection to it."""

    def __init__(self, broker: StandInBroker, tell: Callable[[object], None]) -> None:
        self._broker = broker
        self._tell = tell
        self._numbers = count(1)
        self._connection = 0
        self.owed: dict[DeliveryTag, tuple[str, Parcel]] = {}
        self.is_open = False

    def start(self) -> None:
        self.join()

    def stop(self) -> None:
        self.cut()

    def join(self) -> None:
        if not self.is_open:
            self.is_open = True
            self._connection += 1
            self._tell(BrokerConnected())

    def leave(self) -> None:
        self.cut()

    def cut(self) -> None:
        """Lose the connection: everything unacknowledged is returned, and all lines advance."""
        if self.is_open:
            self.forsake()
            self._tell(BrokerLost())

    def forsake(self) -> None:
        """Lose it without noticing, as a suspended node does."""
        self.is_open = False
        for queue in self._broker.queues.values():
            queue.line = [each for each in queue.line if each[0] is not self]
        for tag in sorted(self.owed, reverse=True):
            seat, parcel = self.owed.pop(tag)
            self._broker.queue(seat).waiting.appendleft((parcel, True))

    def learn(self) -> None:
        """Notice that it was lost."""
        if not self.is_open:
            self._tell(BrokerLost())

    def put(self, seat: str, parcel: Parcel, confirm: Callable[[bool], None]) -> None:
        is_kept = self.is_open and self._broker.is_up
        if is_kept:
            self._broker.queue(seat).waiting.append((parcel, False))
        confirm(is_kept)

    def subscribe(self, seat: str, term: int) -> None:
        if self.is_open:
            self._broker.queue(seat).line.append((self, term))

    def unsubscribe(self, seat: str, term: int) -> None:
        queue = self._broker.queue(seat)
        queue.line = [each for each in queue.line if each != (self, term)]

    def put_token(self, seat: str) -> None:
        self.put(seat, TOKEN, lambda _is_kept: None)

    def accept(self, tag: DeliveryTag) -> None:
        if tag.connection == self._connection and self.is_open:
            del self.owed[tag]

    def refuse(self, tag: DeliveryTag) -> None:
        if tag.connection == self._connection and self.is_open:
            seat, parcel = self.owed.pop(tag)
            self._broker.queue(seat).waiting.appendleft((parcel, True))

    def owed_of(self, seat: str) -> list[DeliveryTag]:
        """Return the unacknowledged parcels of a queue."""
        return [tag for tag, (of, _) in self.owed.items() if of == seat]

    def hand_over(self, seat: str, term: int, parcel: Parcel, came_before: bool) -> None:
        """Deliver a parcel."""
        tag = DeliveryTag(self._connection, next(self._numbers))
        self.owed[tag] = (seat, parcel)
        self._tell(DeliveredParcel(seat, term, tag, parcel, came_before))
