from collections.abc import Callable
from functools import partial
from typing import Any

import pika

from moca.broker.connection import Link
from moca.broker.parcel import TOKEN, BrokerFound, BrokerLost, Delivered, Tag
from moca.broker.queues import Queues, parcel_of, publish

_PREFETCH = 64
"""Parcels of one queue that may be owed an answer; one of them is the token."""


class Consumer:
    """Hands over what the queues hold, where this node is the one active consumer of them."""

    def __init__(
        self, parameters: pika.URLParameters, queues: Queues, tell: Callable[[Any], None]
    ) -> None:
        self._queues = queues
        self._tell = tell
        self._connections = 0
        self._link = Link("consumer", parameters, self._begin, lambda: tell(BrokerLost()))
        self.start, self.stop = self._link.start, self._link.stop
        self.leave, self.join = self._link.drop, self._link.want

    def subscribe(self, seat: str, term: int) -> None:
        """Stand in line for a seat; whoever is first in line is handed the queue's token."""
        self._link.call(partial(self._subscribe, seat, term))

    def unsubscribe(self, seat: str, term: int) -> None:
        """Stand in line no longer; what is owed an answer still is."""
        self._link.call(lambda channel: channel.basic_cancel(_name(seat, term)))

    def put_token(self, seat: str) -> None:
        """Put a token into a queue."""
        self._link.call(lambda channel: publish(channel, self._queues, seat, TOKEN))

    def accept(self, tag: Tag) -> None:
        """Have a parcel forgotten by the broker."""
        self._link.call(partial(self._settle, tag, accepts=True))

    def refuse(self, tag: Tag) -> None:
        """Give a parcel back, for whoever is first in line."""
        self._link.call(partial(self._settle, tag, accepts=False))

    def _begin(self, channel: Any) -> None:
        self._connections += 1
        self._queues.declare(channel)
        channel.basic_qos(prefetch_count=_PREFETCH)
        self._tell(BrokerFound())

    def _subscribe(self, seat: str, term: int, channel: Any) -> None:
        channel.basic_consume(
            self._queues.name(seat),
            self._handed(seat, term),
            consumer_tag=_name(seat, term),
        )

    def _handed(self, seat: str, term: int) -> Callable[..., None]:
        def hand_on(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            parcel = parcel_of(properties, body)
            tag = Tag(self._connections, method.delivery_tag)
            self._tell(Delivered(seat, term, tag, parcel, method.redelivered))

        return hand_on

    def _settle(self, tag: Tag, channel: Any, *, accepts: bool) -> None:
        if tag.connection != self._connections:
            return
        if accepts:
            channel.basic_ack(tag.number)
        else:
            channel.basic_reject(tag.number, requeue=True)


def _name(seat: str, term: int) -> str:
    return f"{seat}#{term}"
