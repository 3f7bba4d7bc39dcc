from collections.abc import Callable
from functools import partial
from typing import Any

import pika
from pika.channel import Channel
from pika.spec import BasicProperties

from moca.broker.connection import BrokerConnection
from moca.broker.parcel import TOKEN, BrokerConnected, BrokerLost, DeliveredParcel, DeliveryTag
from moca.broker.queues import Queues, parcel_of, publish

_PREFETCH = 64
"""The maximum of unacknowledged parcels per queue, including the token."""


class ParcelConsumer:
    """Delivers parcels of the queues for which this node is the one active consumer."""

    def __init__(
        self, parameters: pika.URLParameters, queues: Queues, tell: Callable[[object], None]
    ) -> None:
        self._queues = queues
        self._tell = tell
        self._connections = 0
        self._link = BrokerConnection(
            "consumer", parameters, self._begin, lambda: tell(BrokerLost())
        )
        self.start, self.stop = self._link.start, self._link.stop
        self.leave, self.join = self._link.drop, self._link.want

    def subscribe(self, seat: str, term: int) -> None:
        """Become a candidate for a seat; the first in line receives the queue's token."""
        self._link.call(partial(self._subscribe, seat, term))

    def unsubscribe(self, seat: str, term: int) -> None:
        """Withdraw the candidacy; delivered parcels still need an acknowledgement."""
        self._link.call(lambda channel: channel.basic_cancel(_name(seat, term)))

    def put_token(self, seat: str) -> None:
        """Put a token into a queue."""
        self._link.call(lambda channel: publish(channel, self._queues, seat, TOKEN))

    def accept(self, tag: DeliveryTag) -> None:
        """Acknowledge a parcel."""
        self._link.call(partial(self._settle, tag, accepts=True))

    def refuse(self, tag: DeliveryTag) -> None:
        """Return a parcel to the queue's active consumer."""
        self._link.call(partial(self._settle, tag, accepts=False))

    def _begin(self, channel: Channel) -> None:
        self._connections += 1
        self._queues.declare(channel)
        channel.basic_qos(prefetch_count=_PREFETCH)
        self._tell(BrokerConnected())

    def _subscribe(self, seat: str, term: int, channel: Channel) -> None:
        channel.basic_consume(
            self._queues.name(seat),
            self._handed(seat, term),
            consumer_tag=_name(seat, term),
        )

    def _handed(self, seat: str, term: int) -> Callable[..., None]:
        def hand_on(
            _channel: Channel, method: Any, properties: BasicProperties, body: bytes
        ) -> None:
            parcel = parcel_of(properties, body)
            tag = DeliveryTag(self._connections, method.delivery_tag)
            self._tell(DeliveredParcel(seat, term, tag, parcel, method.redelivered))

        return hand_on

    def _settle(self, tag: DeliveryTag, channel: Channel, *, accepts: bool) -> None:
        if tag.connection != self._connections:
            return
        if accepts:
            channel.basic_ack(tag.number)
        else:
            channel.basic_reject(tag.number, requeue=True)


def _name(seat: str, term: int) -> str:
    return f"{seat}#{term}"
