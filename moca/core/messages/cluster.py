from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moca.core.messages.command import AwaitedCommand, Command, Receipt
from moca.core.outbox.account_rests import RestingAccount
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True)
class ClaimSeat(Command):
    """Take over a lease from its current holder. Membership -> Persistence."""

    seat: str
    node: str
    at: datetime
    lease: timedelta
    """How long the node may act for the seat after each proof that it still holds it."""


@dataclass(frozen=True, slots=True)
class SeatClaimed:
    """This node holds the lease, under this epoch. Persistence -> Membership."""

    seat: str
    epoch: int
    wait: timedelta
    """How long former holders may still act; none after a release in order."""


@dataclass(frozen=True, slots=True)
class LeaveSeats(Command):
    """Release this node's leases; nothing of its is in progress. Application -> Persistence."""

    node: str
    at: datetime
    has_waited: bool
    """Whether the lease of the sender before this node is over; if not, its successor waits."""


@dataclass(frozen=True, slots=True)
class Heartbeat(AwaitedCommand):
    """Record that the node is alive and can write. Membership -> Persistence."""

    node: str
    address: str
    at: datetime
    elapsed: Callable[[], float] = field(repr=False, compare=False)
    """The node's clock for its leases, in seconds; read within the transaction."""


@dataclass(frozen=True, slots=True)
class HeartbeatResult:
    """The answer to a heartbeat: the number of live nodes, and the epochs of the node's leases."""

    nodes: int
    epochs: Mapping[str, int]
    is_frozen: bool = False
    """Whether sending is frozen, on any node."""
    resting: Sequence[RestingAccount] = ()
    """The accounts that Instagram asked to wait."""
    proven_at: float = 0.0
    """By the node's clock, before the commit and so before any later claim of its leases."""


@dataclass(frozen=True, slots=True)
class Fenced:
    """Run a command if the lease is still held under this epoch.

    Any lease holder -> Persistence.
    """

    seat: str
    epoch: int
    command: Any

    @property
    def receipt(self) -> Receipt | None:
        """The receipt of the inner command."""
        found: Receipt | None = getattr(self.command, "receipt", None)
        return found


@dataclass(frozen=True, slots=True)
class SeatLost:
    """A write came after another node had taken the lease. Persistence -> Membership."""

    seat: str
    epoch: int


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A contact's stored state is newer than what this node knows. Broker -> Supervisor."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class ParcelSetAside:
    """A parcel could not be stored; it waits at the broker for an operator.

    Cluster -> observers.
    """

    seat: str
    because: str
