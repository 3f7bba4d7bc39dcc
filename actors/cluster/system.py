import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import pykka
import structlog

from actors.cluster.event_codec import read_event, version_of, written_event
from actors.cluster.membership import MembershipActor
from actors.cluster.partitions import PartitionSupervisor
from actors.cluster.seats import (
    HeartbeatDue,
    LeaveCluster,
    SeatLeft,
    Seats,
    SeatTaken,
    Subscriptions,
)
from actors.cluster.webhook_router import WebhookRouter
from actors.conversation import ConversationContext
from actors.routes import FOR_OWNER, FOR_OWNER_WITHOUT_CONTENT, FOR_SENDING_NODE
from actors.runtime.actor import Ref
from actors.signals import SweepDue
from actors.system import HealthProblems, System
from moca import clock
from moca.broker.parcel import SET_ASIDE, DeliveredParcel, Parcel, ParcelKind
from moca.core.inbound.events import Event
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.cluster import (
    ContactChanged,
    Fenced,
    LeaveSeats,
    ParcelSetAside,
    SeatClaimed,
    SeatLost,
)
from moca.core.messages.command import Receipt
from moca.core.messages.delivery import DeliverReply
from moca.core.messages.inbound import MessageArrived, RecordWebhook
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.recipients import ToCourier, ToSender
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.delivery import NOT_THE_SENDER, Obstacle
from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ContactKey
from moca.instagram.envelope import share_of

log = structlog.stdlib.get_logger()

_LEAVE_TIMEOUT_SECONDS = 2.0


class ClusterBroker(Subscriptions, Protocol):
    """The connection to the broker."""

    def put(self, seat: str, parcel: Parcel, confirm: Callable[[bool], None]) -> None:
        """Publish a parcel; `confirm` receives whether it was stored durably, on any thread."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """This node's identity in the cluster, and how it reaches the others."""

    node: str
    address: str
    seats: Seats
    open_broker: Callable[[Callable[[object], None]], ClusterBroker]
    """Takes the callback that receives what the broker delivers."""
    read: Callable[[bytes, str | None], tuple[Event, ...]]
    """Verifies a webhook and decodes its events, as the receiving node did."""


class ClusterSystem(System):
    """The actors of one of several nodes: it owns some partitions, and one node sends.

    An event about a contact is sent to the node that owns it, wherever it was written.
    """

    _MAKES_SUPERVISOR = PartitionSupervisor

    def __init__(self, *, member: Member, **rest: Any) -> None:
        self._member = member
        self._seats = member.seats
        self._broker = member.open_broker(self._tell_membership)
        self._names = (*map(seat_of, range(self._seats.partitions)), SENDER)
        self._is_frozen = False
        self._webhook_router = WebhookRouter(self._broker.put, self._seats.partitions)
        super().__init__(**rest)
        self._membership = MembershipActor.start_on(
            self._dispatchers.shared,
            node=member.node,
            address=member.address,
            names=self._names,
            seats=self._seats,
            broker=self._broker,
            owner=self,
            record=self._persistence.tell_if_alive,
            timers=self._timers,
            escalate=self._dependencies.escalate,
        )
        self._membership.tell(HeartbeatDue())
        self._broker.start()

    def tell(self, command: object) -> None:
        """Accept a command from outside; a webhook goes to the owners of its events."""
        if isinstance(command, RecordWebhook):
            self._webhook_router.receive(command)
        else:
            super().tell(command)

    def seats_held(self) -> int | None:
        """Return how many seats this node holds."""
        return len(self._seats.epochs)

    def health_problems(self) -> HealthProblems:
        """Return the problems of the vital parts, including the broker."""
        found = super().health_problems()
        cut_off = None if self._seats.is_at_broker else "the broker is not responding"
        return replace(found, supervisor=found.supervisor or cut_off)

    def take_up(self, seat: str) -> None:
        """Begin to act for a seat whose epoch is committed. On the membership's thread."""
        if seat == SENDER:
            epoch = self._seats.epochs[SENDER]
            record, call = self._fenced(SENDER, epoch), partial(self._call_under, epoch)
            self._singletons = self._open_singletons(record, call)
            self._singletons.open()
        else:
            self._supervisor.tell_if_alive(SeatTaken(int(seat[1:])))

    def give_up(self, seat: str) -> None:
        """Stop acting for a seat."""
        if seat != SENDER:
            self._supervisor.tell_if_alive(SeatLeft(int(seat[1:])))
        elif self._singletons is not None:
            self._singletons.abandon()
            self._singletons = None

    def store(self, delivered: DeliveredParcel, epoch: int, receipt: Receipt) -> None:
        """Store a seat's share of a webhook."""
        parcel, seat = delivered.parcel, delivered.seat
        events = self._member.read(parcel.body, parcel.signature)
        is_own = [seat_of(self._partition_of(each.contact)) == seat for each in events]
        own = tuple(each for each, is_in in zip(events, is_own, strict=True) if is_in)
        # Events of another owner must not be stored where only this owner could erase them.
        body = parcel.body if all(is_own) else share_of(parcel.body, is_own)
        command = RecordWebhook(body, own, parcel.at or clock.now(), receipt=receipt)
        self._fenced(seat, epoch)(command)

    def deliver(self, delivered: DeliveredParcel) -> None:
        """Process what another node sent."""
        event = read_event(delivered.parcel.body)
        if event is None:
            version = version_of(delivered.parcel.body)
            log.warning("event_of_another_version", seat=delivered.seat, version=version)
        elif isinstance(event, AccountChanged):
            self._account_changed(event)
        elif delivered.seat == SENDER:
            if self._singletons is not None:
                self._singletons.sender.tell_if_alive(event)
        elif delivered.came_before:
            self._supervisor.tell_if_alive(ContactChanged(event.contact))
        else:
            self._supervisor.tell_if_alive(event)

    def set_aside(
        self, delivered: DeliveredParcel, because: str, confirm: Callable[[bool], None]
    ) -> None:
        """Set aside a parcel that cannot be stored, for an operator to inspect, and report that."""
        seat, kind = delivered.seat, delivered.parcel.kind
        log.error("parcel_set_aside", seat=seat, kind=kind.value, because=because)
        self._observe(ParcelSetAside(seat, because))
        self._broker.put(SET_ASIDE, replace(delivered.parcel, because=because), confirm)

    def note_freeze(self, *, is_frozen: bool) -> None:
        """Record whether sending is frozen; the broker reports it sooner, but may fail to."""
        if self._typing is not None:
            self._typing.is_frozen = is_frozen
        was_frozen, self._is_frozen = self._is_frozen, is_frozen
        if is_frozen != was_frozen and self._singletons is not None:
            self._singletons.sender.tell_if_alive(SweepDue())

    def note_rests(self, resting: Sequence[RestingAccount]) -> None:
        """Record which accounts rest; the sending node already knows."""
        if self._singletons is None:
            now = clock.now()
            self._rests.forget_stops()
            for account in resting:
                rest = self._rests.stop if account.is_stopped else self._rests.rest
                rest(account.account_id, account.until, now)

    def _account_changed(self, changed: AccountChanged) -> None:
        self._observe(changed)
        if self._singletons is not None:
            self._singletons.sender.tell_if_alive(changed)

    def _tell_membership(self, message: object) -> None:
        self._membership.tell_if_alive(message)

    def _first_singletons(self) -> None:
        return None

    def _partition_of(self, contact: ContactKey | None) -> int:
        return partition_of(contact, self._seats.partitions)

    def _supervisor_of_what(self) -> dict[str, object]:
        return {"partition_of": self._partition_of, "holds": self._seats.holds}

    def _tell_sender(self, event: ToSender) -> None:
        singletons = self._singletons
        if singletons is not None:
            singletons.sender.tell_if_alive(event)
        elif isinstance(event, FOR_SENDING_NODE):
            self._publish(SENDER, event)
        # The outcome of this node's earlier calls matters to whichever node sends and reads now.

    def _route(self, event: Any) -> None:
        match event:
            case SeatClaimed() | SeatLost():
                self._tell_membership(event)
            case AccountChanged():
                self._account_changed(event)
                for seat in self._names:
                    if seat not in self._seats.epochs:
                        self._publish(seat, event)
            case FreezeChanged():
                self._observe(event)
                self._tell_sender(event)
            case _ if self._is_anothers(event):
                self._observe(event)
                is_short = isinstance(event, FOR_OWNER_WITHOUT_CONTENT)
                published = ContactChanged(event.contact) if is_short else event
                self._publish(self._seats.seat(event.contact), published)
            case _:
                super()._route(event)

    def _is_anothers(self, event: Any) -> bool:
        is_of_owner = isinstance(event, (*FOR_OWNER, *FOR_OWNER_WITHOUT_CONTENT))
        return is_of_owner and not self._seats.holds(event.contact)

    def _publish(self, seat: str, event: object) -> None:
        # A lost event is found by the sweep of the node that should have received it.
        self._broker.put(
            seat, Parcel(ParcelKind.EVENT, written_event(event)), lambda _is_kept: None
        )

    def _fenced(self, seat: str, epoch: int) -> Callable[[object], None]:
        tell = self._persistence.tell
        return lambda command: tell(Fenced(seat, epoch, command))

    def _call_under(self, epoch: int, call: ToCourier) -> None:
        # A call may wait for its courier until another node sends, or this one sends again.
        if isinstance(call, DeliverReply):
            call = replace(call, obstacle=partial(self._obstacle, epoch, call))
        self._call(call)

    def _obstacle(self, epoch: int, call: DeliverReply, now: datetime) -> Obstacle | None:
        return call.obstacle(now) if self._seats.may_call(epoch) else NOT_THE_SENDER

    def _spawn(
        self, contact: ContactKey, first: MessageArrived | None, context: ConversationContext
    ) -> Ref[Any]:
        seat = self._seats.seat(contact)
        fenced = self._fenced(seat, self._seats.epochs.get(seat, 0))
        return super()._spawn(contact, first, replace(context, record=fenced))

    def stop(self) -> None:
        """Accept nothing new from the broker, then stop in order."""
        with contextlib.suppress(pykka.Timeout, pykka.ActorDeadError):
            self._membership.ask(LeaveCluster(), block=True, timeout=_LEAVE_TIMEOUT_SECONDS)
        super().stop()

    def _finish(self) -> None:
        """Store that the seats are free, then release them; nothing is under way any more."""
        with contextlib.suppress(pykka.Timeout):
            self._membership.stop(timeout=_LEAVE_TIMEOUT_SECONDS)
        writer = self._dependencies.open_writer()
        try:
            has_waited = self._singletons is not None
            writer.apply([LeaveSeats(self._member.node, clock.now(), has_waited)])
        except Exception as error:  # noqa: BLE001 - the next owner then waits a little longer
            log.warning("seats_not_left", error=type(error).__name__)
        writer.close()
        self._broker.stop()
