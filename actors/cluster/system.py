import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pykka
import structlog

from actors.cluster.event_codec import (
    TOLD_IN_SHORT,
    TOLD_TO_OWNERS,
    TOLD_TO_SENDER,
    read_event,
    written_event,
)
from actors.cluster.membership import MembershipActor
from actors.cluster.partitions import PartitionSupervisor
from actors.cluster.seats import BeatDue, Leave, SeatLeft, Seats, SeatTaken, Subscriptions
from actors.cluster.webhook_router import Reception
from actors.conversation import Surroundings
from actors.runtime.actor import Ref
from actors.signals import SweepDue
from actors.system import Ailments, System
from moca import clock
from moca.broker.parcel import SET_ASIDE, Delivered, Kind, Parcel
from moca.core.inbound.events import Event
from moca.core.messages import ToSender
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.cluster import (
    ContactChanged,
    Fenced,
    LeaveSeats,
    ParcelSetAside,
    SeatClaimed,
    SeatLost,
)
from moca.core.messages.delivery import RestingAccount
from moca.core.messages.inbound import MessageArrived, RecordWebhook
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.partition import SENDER, events_of, partition_of, seat_of
from moca.core.types import ContactKey

log = structlog.stdlib.get_logger()

_FAREWELL_SECONDS = 2.0


class Broker(Subscriptions, Protocol):
    """The broker as a whole."""

    def put(self, seat: str, parcel: Parcel, confirm: Callable[[bool], None]) -> None:
        """Publish; `confirm` hears whether it is kept for good, on any thread."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who this node is in the cluster, and how it speaks with the others."""

    node: str
    address: str
    seats: Seats
    open_broker: Callable[[Callable[[Any], None]], Broker]
    """Given whom the broker tells what it delivers."""
    read: Callable[[bytes], tuple[Event, ...]]
    """Reads what a webhook tells, as the node did that received it."""


class ClusterSystem(System):
    """The actors of one node out of several: some partitions are its own, and one node sends.

    What concerns a contact is told to the node that owns it, wherever it was written.
    """

    _MAKES_SUPERVISOR = PartitionSupervisor

    def __init__(self, *, member: Member, **rest: Any) -> None:
        self._member = member
        self._seats = member.seats
        self._broker = member.open_broker(self._tell_membership)
        self._names = (*map(seat_of, range(self._seats.partitions)), SENDER)
        self._is_frozen = False
        self._reception = Reception(self._broker.put, self._seats.partitions)
        super().__init__(**rest)
        self._membership: Ref[Any] = MembershipActor.start_on(
            self._dispatchers.shared,
            node=member.node,
            address=member.address,
            names=self._names,
            seats=self._seats,
            broker=self._broker,
            office=self,
            record=self._persistence.tell,
            timers=self._timers,
            escalate=self._world.escalate,
        )
        self._membership.tell(BeatDue())
        self._broker.start()

    def tell(self, command: object) -> None:
        """Hand in a command from outside; a webhook goes to the owners of what it tells."""
        if isinstance(command, RecordWebhook):
            self._reception.receive(command)
        else:
            super().tell(command)

    def seats_held(self) -> int | None:
        """Count the seats that are this node's."""
        return len(self._seats.epochs)

    def ailments(self) -> Ailments:
        """Ask the parts that everything depends on how they are, the broker among them."""
        found = super().ailments()
        cut_off = None if self._seats.is_at_broker else "the broker does not answer"
        return replace(found, supervisor=found.supervisor or cut_off)

    def take_up(self, seat: str) -> None:
        """Begin to act for a seat; the epoch is on disk. On the membership's thread."""
        if seat == SENDER:
            record = self._fenced(SENDER, self._seats.epochs[SENDER])
            self._post_room = self._open_post_room(record)
            self._post_room.open()
        else:
            self._supervisor.tell(SeatTaken(int(seat[1:])))

    def give_up(self, seat: str) -> None:
        """Stop acting for a seat."""
        if seat != SENDER:
            with contextlib.suppress(pykka.ActorDeadError):
                self._supervisor.tell(SeatLeft(int(seat[1:])))
        elif self._post_room is not None:
            self._post_room.abandon()
            self._post_room = None

    def store(self, delivered: Delivered, epoch: int, receipt: Future[Any]) -> None:
        """Store a seat's share of a webhook."""
        parcel, seat = delivered.parcel, delivered.seat
        events = events_of(self._member.read(parcel.body), int(seat[1:]), self._seats.partitions)
        command = RecordWebhook(parcel.body, events, parcel.at or clock.now(), receipt)
        self._fenced(seat, epoch)(command)

    def hear(self, delivered: Delivered) -> None:
        """Take in what another node told."""
        event = read_event(delivered.parcel.body)
        if event is None:
            log.warning("event_of_another_version", seat=delivered.seat)
        elif isinstance(event, AccountChanged):
            self._heed(event)
        elif delivered.seat == SENDER:
            if self._post_room is not None:
                self._post_room.sender.tell(event)
        elif delivered.came_before:
            self._supervisor.tell(ContactChanged(event.contact))
        else:
            self._supervisor.tell(event)

    def set_aside(
        self, delivered: Delivered, because: str, confirm: Callable[[bool], None]
    ) -> None:
        """Keep a parcel that cannot be stored where a person finds it, and report that."""
        seat, kind = delivered.seat, delivered.parcel.kind
        log.error("parcel_set_aside", seat=seat, kind=kind.value, because=because)
        self._observe(ParcelSetAside(seat, because))
        self._broker.put(SET_ASIDE, replace(delivered.parcel, because=because), confirm)

    def note_freeze(self, *, is_frozen: bool) -> None:
        """Take in whether anything may go out; the broker tells earlier, but may fail to."""
        if self._typing is not None:
            self._typing.is_frozen = is_frozen
        was_frozen, self._is_frozen = self._is_frozen, is_frozen
        if is_frozen != was_frozen and self._post_room is not None:
            self._post_room.sender.tell(SweepDue())

    def note_rests(self, resting: Sequence[RestingAccount]) -> None:
        """Take in which accounts rest; the node that sends knows it earlier, and by itself."""
        if self._post_room is None:
            now = clock.now()
            for account in resting:
                self._rests.rest(account.account_id, account.until, now)

    def _heed(self, changed: AccountChanged) -> None:
        self._observe(changed)
        if self._post_room is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                self._post_room.sender.tell(changed)

    def _tell_membership(self, message: Any) -> None:
        with contextlib.suppress(pykka.ActorDeadError):
            self._membership.tell(message)

    def _first_post_room(self) -> None:
        return None

    def _partition_of(self, contact: ContactKey) -> int:
        return partition_of(contact, self._seats.partitions)

    def _supervisor_of_what(self) -> dict[str, Any]:
        return {"partition_of": self._partition_of}

    def _tell_sender(self, event: ToSender) -> None:
        post_room = self._post_room
        if post_room is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                post_room.sender.tell(event)
        elif isinstance(event, TOLD_TO_SENDER):
            self._publish(SENDER, event)
        # How a call ended that this node made before, whoever sends now reads from Instagram.

    def _route(self, event: Any) -> None:
        match event:
            case SeatClaimed() | SeatLost():
                self._tell_membership(event)
            case AccountChanged():
                self._heed(event)
                for seat in self._names:
                    if seat not in self._seats.epochs:
                        self._publish(seat, event)
            case FreezeChanged():
                self._observe(event)
                self._tell_sender(event)
            case _ if self._is_anothers(event):
                self._observe(event)
                told = ContactChanged(event.contact) if isinstance(event, TOLD_IN_SHORT) else event
                self._publish(self._seats.seat(event.contact), told)
            case _:
                super()._route(event)

    def _is_anothers(self, event: Any) -> bool:
        is_of_owner = isinstance(event, (*TOLD_TO_OWNERS, *TOLD_IN_SHORT))
        return is_of_owner and not self._seats.holds(event.contact)

    def _publish(self, seat: str, event: Any) -> None:
        # One that is lost is found by the sweep of whoever should have heard it.
        self._broker.put(seat, Parcel(Kind.EVENT, written_event(event)), lambda _is_kept: None)

    def _fenced(self, seat: str, epoch: int) -> Callable[[Any], None]:
        tell = self._persistence.tell
        return lambda command: tell(Fenced(seat, epoch, command))

    def _spawn(
        self, contact: ContactKey, first: MessageArrived | None, around: Surroundings
    ) -> Ref[Any]:
        seat = self._seats.seat(contact)
        fenced = self._fenced(seat, self._seats.epochs.get(seat, 0))
        return super()._spawn(contact, first, replace(around, record=fenced))

    def stop(self) -> None:
        """Take nothing new from the broker, then stop in order."""
        with contextlib.suppress(pykka.Timeout, pykka.ActorDeadError):
            self._membership.ask(Leave(), block=True, timeout=_FAREWELL_SECONDS)
        super().stop()

    def _depart(self) -> None:
        """Write that the seats stand empty, then give them back; nothing is under way any more."""
        with contextlib.suppress(pykka.Timeout):
            self._membership.stop(timeout=_FAREWELL_SECONDS)
        writer = self._world.open_writer()
        try:
            left: Any = LeaveSeats(self._member.node, clock.now())
            writer.apply([left])
        except Exception as error:  # noqa: BLE001 - the next owner then waits a little longer
            log.warning("seats_not_left", error=type(error).__name__)
        writer.close()
        self._broker.stop()
