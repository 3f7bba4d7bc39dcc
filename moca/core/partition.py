from collections.abc import Iterable
from zlib import crc32

from moca.core.inbound.events import Event
from moca.core.types import ContactKey

SENDER = "sender"
"""The lease of the one node that sends and runs the background jobs for all."""


def partition_of(contact: ContactKey | None, partitions: int) -> int:
    """Return the partition of a contact, the same on every node; 0 for None."""
    if contact is None:
        return 0
    return crc32("\n".join(contact).encode()) % partitions


def seat_of(partition: int) -> str:
    """Return the name of the lease on a partition."""
    return f"p{partition}"


def partitions_of(events: Iterable[Event], partitions: int) -> frozenset[int]:
    """Return the partitions a webhook concerns: at least partition 0, which stores the body."""
    return frozenset(partition_of(each.contact, partitions) for each in events) or frozenset({0})
