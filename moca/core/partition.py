from collections.abc import Iterable
from zlib import crc32

from moca.core.inbound.events import Event
from moca.core.types import ContactKey

SENDER = "sender"
"""The seat of the one who sends, and keeps house, for all."""


def partition_of(contact: ContactKey | None, partitions: int) -> int:
    """Say which partition a contact belongs to, on every machine alike; 0 for nobody's."""
    if contact is None:
        return 0
    return crc32("\n".join(contact).encode()) % partitions


def seat_of(partition: int) -> str:
    """Name the seat of a partition's owner."""
    return f"p{partition}"


def partitions_of(events: Iterable[Event], partitions: int) -> frozenset[int]:
    """Say whom a webhook concerns: at least partition 0, so that its body is kept by somebody."""
    return frozenset(partition_of(each.contact, partitions) for each in events) or frozenset({0})


def events_of(events: Iterable[Event], partition: int, partitions: int) -> tuple[Event, ...]:
    """Give those of a webhook's events that concern one partition."""
    return tuple(each for each in events if partition_of(each.contact, partitions) == partition)
