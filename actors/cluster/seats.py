"""Messages about a node's seats, and the state that all its parts may read."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from moca.broker.parcel import DeliveredParcel, DeliveryTag
from moca.core.messages.cluster import HeartbeatResult
from moca.core.messages.command import Receipt
from moca.core.outbox.account_rests import RestingAccount
from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ContactKey

LEASE = timedelta(seconds=1.5)
"""How long after its last proven write the sender's node may begin a call.

A successor waits as long after its claim; that write was committed before the claim was. Both nodes
count on monotonic clocks, so that only a difference in their pace matters, and that is less
than a commit takes.
"""


def _seconds_since_boot() -> float:
    # This clock goes on while a machine sleeps, when another node may begin to send.
    return time.clock_gettime(_BOOT_CLOCK)


_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """This node now answers for a partition. Membership -> Supervisor."""

    partition: int


@dataclass(frozen=True, slots=True)
class SeatLeft:
    """This node no longer answers for a partition. Membership -> Supervisor."""

    partition: int


@dataclass(slots=True)
class Seats:
    """The seats of this node and their epochs; written by its membership, read by any thread."""

    partitions: int
    monotonic: Callable[[], float] = _seconds_since_boot
    epochs: Mapping[str, int] = field(default_factory=dict)
    is_at_broker: bool = False
    """Whether this node is a candidate for seats."""
    _lease_until: float = float("-inf")

    def seat(self, contact: ContactKey) -> str:
        """Return the seat of a contact's owner."""
        return seat_of(partition_of(contact, self.partitions))

    def holds(self, contact: ContactKey) -> bool:
        """Return whether this node owns the contact."""
        return self.seat(contact) in self.epochs

    def take(self, seat: str, epoch: int) -> None:
        """Record that this node holds a seat."""
        self.epochs = {**self.epochs, seat: epoch}

    def leave(self, seat: str) -> None:
        """Record that this node no longer holds a seat."""
        self.epochs = {each: epoch for each, epoch in self.epochs.items() if each != seat}

    def may_send(self) -> bool:
        """Return whether a call may begin now: no other node can have begun to send."""
        return self.monotonic() < self._lease_until

    def may_call(self, epoch: int) -> bool:
        """Return whether a call may begin now that was claimed under this epoch."""
        return self.epochs.get(SENDER) == epoch and self.may_send()

    def extend_lease(self, proven_at: float) -> None:
        """Extend the lease, counted from the transaction that proved it."""
        self._lease_until = proven_at + LEASE.total_seconds()

    def end_lease(self) -> None:
        """End the lease at once, so that no call begins."""
        self._lease_until = float("-inf")


class Subscriptions(Protocol):
    """What a node's membership asks of the broker; every method returns at once."""

    def subscribe(self, seat: str, term: int) -> None:
        """Become a candidate for a seat."""

    def unsubscribe(self, seat: str, term: int) -> None:
        """Withdraw the candidacy for a seat."""

    def put_token(self, seat: str) -> None:
        """Put a token into the queue of a seat."""

    def accept(self, tag: DeliveryTag) -> None:
        """Acknowledge a parcel."""

    def refuse(self, tag: DeliveryTag) -> None:
        """Return a parcel to the queue."""

    def leave(self) -> None:
        """Return everything and withdraw all candidacies."""

    def join(self) -> None:
        """Rejoin the broker."""


class SeatOwner(Protocol):
    """What a node does for its seats."""

    def take_up(self, seat: str) -> None:
        """Begin to act for a seat."""

    def give_up(self, seat: str) -> None:
        """Stop acting for a seat."""

    def store(self, delivered: DeliveredParcel, epoch: int, receipt: Receipt) -> None:
        """Store a webhook for a seat; the receipt is answered after the commit."""

    def deliver(self, delivered: DeliveredParcel) -> None:
        """Process what another node sent."""

    def set_aside(
        self, delivered: DeliveredParcel, because: str, confirm: Callable[[bool], None]
    ) -> None:
        """Set aside a parcel that cannot be stored, for an operator to inspect, and report that."""

    def note_freeze(self, *, is_frozen: bool) -> None:
        """Record whether sending is frozen."""

    def note_rests(self, resting: Sequence[RestingAccount]) -> None:
        """Record which accounts rest because Instagram limited them."""


@dataclass(frozen=True, slots=True)
class HeartbeatDue:
    """A heartbeat is due. Timers -> Membership."""


@dataclass(frozen=True, slots=True)
class HeartbeatAnswered:
    """A heartbeat was stored, or failed. Persistence -> Membership."""

    at: datetime
    result: HeartbeatResult | None


@dataclass(frozen=True, slots=True)
class ParcelStored:
    """A webhook was stored, or not. Persistence -> Membership."""

    delivered: DeliveredParcel
    is_stored: bool
    fault: str = ""
    """The fault of the webhook itself; empty if storing is to be retried until it succeeds."""


@dataclass(frozen=True, slots=True)
class ParcelRefused:
    """The broker set a parcel aside for an operator to inspect, or failed. Broker -> Membership."""

    tag: DeliveryTag
    is_kept: bool


@dataclass(frozen=True, slots=True)
class LeaveCluster:
    """Accept nothing new from the broker. System -> Membership."""


@dataclass(slots=True)
class HeldSeat:
    """The state of one seat, as this node knows it."""

    term: int = 0
    is_claiming: bool = False
    epoch: int | None = None
    waits_until: float | None = None
    """For the sender, by the seats' clock: until when the one before may still begin a call."""
    is_taken_up: bool = False
    token: DeliveryTag | None = None
    token_at: datetime | None = None
    held: list[DeliveredParcel] = field(default_factory=list)
    """Parcels that came before the claim was committed; at most the broker's prefetch limit."""
