from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.messages.delivery import RestingAccount
from moca.core.messages.receipt import Receipt
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True)
class ClaimSeat:
    """Act for a seat from now on, and nobody else any more. Membership -> Persistence."""

    seat: str
    node: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatClaimed:
    """The seat is this node's, under this epoch. Persistence -> Membership."""

    seat: str
    epoch: int
    was_left: bool
    """Whether the one before had left it in order, so that nothing of its is under way."""


@dataclass(frozen=True, slots=True)
class LeaveSeats:
    """Nothing of this node's is under way any more. Application -> Persistence."""

    node: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Beat:
    """Show that the node lives and writes. Membership -> Persistence."""

    node: str
    address: str
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """A beat's answer: how many nodes live, and the node's seats with their epochs."""

    nodes: int
    epochs: Mapping[str, int]
    is_frozen: bool = False
    """Whether nothing may go out, wherever that was decided."""
    resting: Sequence[RestingAccount] = ()
    """The accounts that rest because Instagram asked for it."""


@dataclass(frozen=True, slots=True)
class Fenced:
    """Carry it out if the seat is still held under this epoch. Any of a seat's -> Persistence."""

    seat: str
    epoch: int
    command: Any

    @property
    def receipt(self) -> Receipt | None:
        """Whom the command answers."""
        found: Receipt | None = getattr(self.command, "receipt", None)
        return found


@dataclass(frozen=True, slots=True)
class SeatLost:
    """A write came too late: somebody else has the seat by now. Persistence -> Membership."""

    seat: str
    epoch: int


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """The database tells of a contact what is not known here. Broker -> Supervisor."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class ParcelSetAside:
    """A parcel could not be stored and waits at the broker for a person. Cluster -> Observers."""

    seat: str
    because: str
