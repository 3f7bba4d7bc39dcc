"""What a node's parts say to one another about its seats, and what all of them may ask."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from moca.broker.parcel import Delivered, Tag
from moca.core.messages.cluster import Standing
from moca.core.messages.delivery import RestingAccount
from moca.core.partition import partition_of, seat_of
from moca.core.types import ContactKey

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


class Subscriptions(Protocol):
    """What a node's membership wants of the broker; each returns at once."""

    def subscribe(self, seat: str, term: int) -> None:
        """Stand in line for a seat."""

    def unsubscribe(self, seat: str, term: int) -> None:
        """Stand in line no longer."""

    def put_token(self, seat: str) -> None:
        """Put a token into a seat's queue."""

    def accept(self, tag: Tag) -> None:
        """Have a parcel forgotten."""

    def refuse(self, tag: Tag) -> None:
        """Give a parcel back."""

    def leave(self) -> None:
        """Give everything back and stand in no line."""

    def join(self) -> None:
        """Come back."""


class Office(Protocol):
    """What a node does for its seats."""

    def take_up(self, seat: str) -> None:
        """Begin to act for it."""

    def give_up(self, seat: str) -> None:
        """Stop acting for it."""

    def store(self, delivered: Delivered, epoch: int, receipt: Future[Any]) -> None:
        """Store a webhook for a seat; the receipt is answered after the commit."""

    def hear(self, delivered: Delivered) -> None:
        """Take in what another node told."""

    def set_aside(
        self, delivered: Delivered, because: str, confirm: Callable[[bool], None]
    ) -> None:
        """Keep a parcel that cannot be stored where a person finds it, and report that."""

    def note_freeze(self, *, is_frozen: bool) -> None:
        """Take in whether anything may go out at all."""

    def note_rests(self, resting: Sequence[RestingAccount]) -> None:
        """Take in which accounts rest because Instagram asked for it."""


@dataclass(frozen=True, slots=True)
class BeatDue:
    """It is time to show that this node lives. Timers -> Membership."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A beat was answered, or refused. Persistence -> Membership."""

    asked_at: float
    at: datetime
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A webhook is on disk, or is not. Persistence -> Membership."""

    delivered: Delivered
    is_stored: bool
    fault: str = ""
    """What is wrong with the webhook itself; empty where it is to be tried until it succeeds."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """The broker keeps a parcel for a person to look at, or does not. Broker -> Membership."""

    tag: Tag
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Take nothing new from the broker. System -> Membership."""


@dataclass(slots=True)
class HeldSeat:
    """How it stands with one seat, as far as this node goes."""

    term: int = 0
    is_claiming: bool = False
    epoch: int | None = None
    waits_until: datetime | None = None
    """For the sender: until when the one before may still begin a call."""
    is_taken_up: bool = False
    token: Tag | None = None
    token_at: datetime | None = None
    held: list[Delivered] = field(default_factory=list)
    """What came before the claim was on disk; no more than the broker lets be owed."""
