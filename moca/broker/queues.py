from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pika
from pika.spec import PERSISTENT_DELIVERY_MODE

from moca.broker.parcel import SET_ASIDE, Kind, Parcel

_AT = "received-at"
_BECAUSE = "set-aside-because"
_AS_OFTEN_AS_IT_TAKES = 2**31 - 1
"""RabbitMQ 4 drops what was given back 20 times, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Queues:
    """What a cluster has at the broker: one exchange, and for each seat a queue."""

    cluster: str
    """Keeps apart several clusters at one broker."""
    seats: tuple[str, ...]

    def name(self, seat: str) -> str:
        """Name a seat's queue."""
        return f"{self.cluster}.{seat}"

    def declare(self, channel: Any) -> None:
        """Make what is missing: durable, on most of the broker's machines, for one consumer a seat.

        A consumer that takes a parcel and dies puts it back; how often makes no difference.
        """
        kept = {"x-queue-type": "quorum", "x-delivery-limit": _AS_OFTEN_AS_IT_TAKES}
        channel.exchange_declare(self.cluster, "direct", durable=True)
        for seat in self.seats:
            self._declare(channel, seat, kept | {"x-single-active-consumer": True})
        self._declare(channel, SET_ASIDE, kept)

    def _declare(self, channel: Any, key: str, arguments: dict[str, Any]) -> None:
        channel.queue_declare(self.name(key), durable=True, arguments=arguments)
        channel.queue_bind(self.name(key), self.cluster, routing_key=key)


def publish(channel: Any, queues: Queues, seat: str, parcel: Parcel, number: int = 0) -> None:
    """Put a parcel into a seat's queue; the broker returns it where there is none."""
    headers = {} if parcel.at is None else {_AT: parcel.at.isoformat()}
    if parcel.because:
        headers[_BECAUSE] = parcel.because
    properties = pika.BasicProperties(
        type=parcel.type or parcel.kind.value,
        headers=headers,
        delivery_mode=PERSISTENT_DELIVERY_MODE,
        message_id=str(number),
    )
    channel.basic_publish(queues.cluster, seat, parcel.body, properties, mandatory=True)


def parcel_of(properties: Any, body: bytes) -> Parcel:
    """Read what the broker delivered; of kind `UNKNOWN` where this version cannot."""
    try:
        told = (properties.headers or {}).get(_AT)
        at = None if told is None else datetime.fromisoformat(told).astimezone(UTC)
        return Parcel(Kind(properties.type), body, at)
    except (ValueError, TypeError):
        return Parcel(Kind.UNKNOWN, body, type=str(properties.type or ""))


def all_seats(partitions: int, others: Iterable[str]) -> tuple[str, ...]:
    """Name every seat there is."""
    return (*(f"p{number}" for number in range(partitions)), *others)
