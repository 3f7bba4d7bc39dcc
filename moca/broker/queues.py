from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pika
from pika.channel import Channel
from pika.spec import PERSISTENT_DELIVERY_MODE

from moca.broker.parcel import SET_ASIDE, Parcel, ParcelKind

_AT = "received-at"
_SIGNATURE = "signature"
_BECAUSE = "set-aside-because"
_AS_OFTEN_AS_IT_TAKES = 2**31 - 1
"""RabbitMQ 4 drops what was returned 20 times, unless configured otherwise."""


@dataclass(frozen=True, slots=True)
class Queues:
    """A cluster's objects at the broker: one exchange, and a queue for each seat."""

    cluster: str
    """Separates several clusters on one broker."""
    seats: tuple[str, ...]

    def name(self, seat: str) -> str:
        """Return the name of a seat's queue."""
        return f"{self.cluster}.{seat}"

    def declare(self, channel: Any) -> None:
        """Declare what is missing: durable quorum queues with one active consumer each.

        A parcel returns to its queue when its consumer dies, any number of times.
        """
        queue_arguments = {"x-queue-type": "quorum", "x-delivery-limit": _AS_OFTEN_AS_IT_TAKES}
        channel.exchange_declare(self.cluster, "direct", durable=True)
        for seat in self.seats:
            self._declare(channel, seat, queue_arguments | {"x-single-active-consumer": True})
        self._declare(channel, SET_ASIDE, queue_arguments)

    def _declare(self, channel: Channel, key: str, arguments: dict[str, object]) -> None:
        channel.queue_declare(self.name(key), durable=True, arguments=arguments)
        channel.queue_bind(self.name(key), self.cluster, routing_key=key)


class _Publishing(Protocol):
    """The channel of a blocking connection or of an asynchronous one."""

    def basic_publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: pika.BasicProperties,
        mandatory: bool,  # noqa: FBT001 - as Pika has it
    ) -> None: ...


def publish(
    channel: _Publishing, queues: Queues, seat: str, parcel: Parcel, number: int = 0
) -> None:
    """Put a parcel into a seat's queue; the broker returns it if there is no such queue."""
    headers = {} if parcel.at is None else {_AT: parcel.at.isoformat()}
    if parcel.signature is not None:
        headers[_SIGNATURE] = parcel.signature
    if parcel.because:
        headers[_BECAUSE] = parcel.because
    properties = pika.BasicProperties(
        type=parcel.type or parcel.kind.value,
        headers=headers,
        delivery_mode=PERSISTENT_DELIVERY_MODE,
        message_id=str(number),
    )
    channel.basic_publish(queues.cluster, seat, parcel.body, properties, mandatory=True)


def parcel_of(properties: pika.BasicProperties, body: bytes) -> Parcel:
    """Decode what the broker delivered; of kind `UNKNOWN` if this version cannot."""
    try:
        headers = properties.headers or {}
        received_at, signature = headers.get(_AT), headers.get(_SIGNATURE)
        at = None if received_at is None else datetime.fromisoformat(received_at).astimezone(UTC)
        signature = None if signature is None else str(signature)
        return Parcel(ParcelKind(properties.type or ""), body, at, signature)
    except (ValueError, TypeError):
        return Parcel(ParcelKind.UNKNOWN, body, type=str(properties.type or ""))


def all_seats(partitions: int, others: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all seats."""
    return (*(f"p{number}" for number in range(partitions)), *others)
