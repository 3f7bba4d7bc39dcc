"""What a node's parts say to one another about its seats, and what all of them may ask."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from moca.core.contact import ContactKey
from moca.core.partition import partition_of, seat_of

LEASE = timedelta(seconds=4)
"""So long after it last showed that it writes may the sender's node begin a call."""


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """This node answers for a partition from now on. Membership -> Supervisor."""

    partition: int


@dataclass(frozen=True, slots=True)
class SeatLeft:
    """This node answers for it no longer. Membership -> Supervisor."""

    partition: int


@dataclass(slots=True)
class Seats:
    """The seats of this node and their epochs; written by its membership, read by any thread."""

    partitions: int
    monotonic: Callable[[], float] = time.monotonic
    epochs: Mapping[str, int] = field(default_factory=dict)
    is_at_broker: bool = False
    """Whether this node stands in line for seats."""
    _lease_until: float = float("-inf")

    def seat(self, contact: ContactKey) -> str:
        """Name the seat of a contact's owner."""
        return seat_of(partition_of(contact, self.partitions))

    def holds(self, contact: ContactKey) -> bool:
        """Tell whether this node is the contact's owner."""
        return self.seat(contact) in self.epochs

    def take(self, seat: str, epoch: int) -> None:
        """Note that a seat is this node's."""
        self.epochs = {**self.epochs, seat: epoch}

    def leave(self, seat: str) -> None:
        """Note that it is no longer."""
        self.epochs = {each: epoch for each, epoch in self.epochs.items() if each != seat}

    def may_send(self) -> bool:
        """Tell whether a call may begin now: no other node can have begun to send."""
        return self.monotonic() < self._lease_until

    def extend_lease(self, asked_at: float) -> None:
        """Let calls begin until the lease has run out, from when its proof was asked for."""
        self._lease_until = asked_at + LEASE.total_seconds()

    def end_lease(self) -> None:
        """Let no call begin."""
        self._lease_until = float("-inf")
