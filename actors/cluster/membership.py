from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import structlog

from actors.cluster.parcel_storage import ParcelStorage
from actors.cluster.seats import (
    LEASE,
    HeartbeatAnswered,
    HeartbeatDue,
    HeldSeat,
    LeaveCluster,
    ParcelRefused,
    ParcelStored,
    SeatOwner,
    Seats,
    Subscriptions,
)
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from moca import clock
from moca.broker.parcel import BrokerConnected, BrokerLost, DeliveredParcel, DeliveryTag, ParcelKind
from moca.core.messages.cluster import ClaimSeat, Heartbeat, HeartbeatResult, SeatClaimed, SeatLost
from moca.core.messages.command import Receipt
from moca.core.partition import SENDER

BEAT = timedelta(seconds=0.5)
_SILENCE = timedelta(seconds=4)
_BALANCE = timedelta(seconds=5)
_TOKEN_AGE = timedelta(minutes=10)
"""The broker closes a channel that leaves a message unacknowledged for half an hour."""

log = structlog.stdlib.get_logger()


class MembershipActor(MailboxActor):
    """One node's membership: which leases it holds, and since when it may act for them.

    The broker picks one consumer per queue and announces nothing. Each queue therefore holds a
    token that its consumer keeps unacknowledged, so that a new consumer receives it at once. A node
    that receives anything first claims the seat in the database: from that commit on, writes by the
    former holder fail.
    """

    def __init__(
        self,
        *,
        node: str,
        address: str,
        names: tuple[str, ...],
        seats: Seats,
        broker: Subscriptions,
        owner: SeatOwner,
        record: Callable[[object], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._node = node
        self._address = address
        self._seats = seats
        self._broker = broker
        self._owner = owner
        self._record = record
        tell = self.actor_ref.tell_if_alive
        self._next_heartbeat = ActorTimer(timers, lambda: tell(HeartbeatDue()))
        self._of: dict[str, HeldSeat] = {name: HeldSeat() for name in names}
        self._storage = ParcelStorage(broker, owner, tell, timers)
        self._is_in = False
        self._is_leaving = False
        self._is_away = False
        self._heard_at: float | None = None
        """By the seats' clock, when a beat was last answered."""
        self._balanced_at: datetime | None = None

    def on_restart(self) -> None:
        """Rejoin at the broker, which meanwhile hands every queue to the next consumer."""
        self._lose()
        self._broker.leave()
        self._broker.join()
        self._heartbeat()

    def on_receive(self, message: Any) -> Any:
        """Process a message from the broker, the database or a timer."""
        match message:
            case DeliveredParcel():
                self._delivered(message)
            case SeatClaimed():
                self._claimed(message)
            case SeatLost(seat, epoch):
                self._lost(seat, epoch)
            case ParcelStored():
                self._storage.stored(message)
            case ParcelRefused(tag, is_kept):
                self._storage.settle(tag, is_kept=is_kept)
            case BrokerConnected():
                self._join()
            case BrokerLost():
                self._lose()
            case HeartbeatDue():
                self._heartbeat()
            case HeartbeatAnswered():
                self._answered(message)
            case LeaveCluster():
                self._leave()

    def on_stop(self) -> None:
        """Cancel the timers."""
        self._next_heartbeat.cancel()

    def _join(self) -> None:
        self._is_in = self._seats.is_at_broker = True
        if self._is_leaving:
            return
        for name, seat in self._of.items():
            self._stand_in_line(name, seat)
            self._broker.put_token(name)

    def _stand_in_line(self, name: str, seat: HeldSeat) -> None:
        self._of[name] = HeldSeat(term=seat.term + 1)
        self._broker.subscribe(name, seat.term + 1)

    def _lose(self) -> None:
        self._is_in = self._seats.is_at_broker = False
        for name, seat in self._of.items():
            self._give_up(name, seat)
            self._of[name] = HeldSeat(term=seat.term)

    def _delivered(self, delivered: DeliveredParcel) -> None:
        seat = self._of[delivered.seat]
        if delivered.term != seat.term or (self._is_leaving and delivered.seat != SENDER):
            self._broker.refuse(delivered.tag)
        elif delivered.parcel.kind is ParcelKind.UNKNOWN:
            self._storage.keep_for_newer_node(delivered)
        elif delivered.parcel.kind is ParcelKind.TOKEN:
            self._keep_token(seat, delivered.tag)
            self._claim(delivered.seat, seat)
        elif seat.epoch is None:
            seat.held.append(delivered)
            self._claim(delivered.seat, seat)
        else:
            self._handle(delivered, seat.epoch)

    def _keep_token(self, seat: HeldSeat, tag: DeliveryTag) -> None:
        if seat.token is not None:
            self._broker.accept(seat.token)
        seat.token, seat.token_at = tag, clock.now()

    def _claim(self, name: str, seat: HeldSeat) -> None:
        if seat.epoch is None and not seat.is_claiming:
            seat.is_claiming = True
            self._record(ClaimSeat(name, self._node, clock.now(), LEASE))

    def _claimed(self, claimed: SeatClaimed) -> None:
        seat = self._of[claimed.seat]
        if not seat.is_claiming:
            return
        seat.is_claiming, seat.epoch = False, claimed.epoch
        self._seats.take(claimed.seat, claimed.epoch)
        if claimed.seat == SENDER:
            seat.waits_until = self._seats.monotonic() + claimed.wait.total_seconds()
        else:
            self._take_up(claimed.seat, seat)
        held, seat.held = seat.held, []
        for delivered in held:
            self._handle(delivered, claimed.epoch)

    def _take_up(self, name: str, seat: HeldSeat) -> None:
        seat.is_taken_up = True
        log.debug("seat_taken", seat=name, epoch=seat.epoch)
        self._owner.take_up(name)

    def _handle(self, delivered: DeliveredParcel, epoch: int) -> None:
        if delivered.parcel.kind is ParcelKind.WEBHOOK:
            self._storage.store(delivered, epoch)
        else:
            self._owner.deliver(delivered)
            self._broker.accept(delivered.tag)

    def _lost(self, name: str, epoch: int) -> None:
        seat = self._of[name]
        if seat.epoch != epoch:
            return
        self._give_up(name, seat)
        self._of[name] = HeldSeat(term=seat.term)
        for tag in (each.tag for each in seat.held):
            self._storage.refuse_later(tag)
        if seat.token is not None:
            self._storage.refuse_later(seat.token)

    def _give_up(self, name: str, seat: HeldSeat) -> None:
        self._seats.leave(name)
        if name == SENDER:
            self._seats.end_lease()
        if seat.is_taken_up:
            log.debug("seat_given_up", seat=name, epoch=seat.epoch)
            self._owner.give_up(name)

    def _heartbeat(self) -> None:
        tell, now = self.actor_ref.tell_if_alive, clock.now()
        self._next_heartbeat.set_to(now + BEAT)
        asked_at = self._seats.monotonic()
        receipt: Receipt = Future()
        receipt.add_done_callback(lambda done: tell(HeartbeatAnswered(now, _result_of(done))))
        self._record(
            Heartbeat(self._node, self._address, now, self._seats.monotonic, receipt=receipt)
        )
        self._heard_at = asked_at if self._heard_at is None else self._heard_at
        if not self._is_away and asked_at - self._heard_at > _SILENCE.total_seconds():
            # A node that cannot write would otherwise block its seats while others could serve
            # them.
            self._is_away = True
            self._lose()
            self._broker.leave()

    def _answered(self, answered: HeartbeatAnswered) -> None:
        if answered.result is None:
            return
        now, self._heard_at = clock.now(), self._seats.monotonic()
        if self._is_away:
            self._is_away = False
            self._broker.join()
        epochs = answered.result.epochs
        self._compare(epochs)
        self._owner.note_freeze(is_frozen=answered.result.is_frozen)
        self._owner.note_rests(answered.result.resting)
        self._lead(epochs.get(SENDER), answered.result.proven_at)
        if not self._is_leaving and self._is_in:
            self._renew_tokens(now)
            self._balance(answered.result.nodes, now)

    def _compare(self, epochs: Mapping[str, int]) -> None:
        # A claim may be written late, or twice; a node under another epoch acts for no contact.
        for name, seat in tuple(self._of.items()):
            if seat.epoch is not None and epochs.get(name) != seat.epoch:
                self._lost(name, seat.epoch)

    def _lead(self, epoch: int | None, proven_at: float) -> None:
        seat = self._of[SENDER]
        if epoch is None or seat.epoch != epoch:
            return
        self._seats.extend_lease(proven_at)
        if seat.waits_until is None or seat.is_taken_up or self._is_leaving:
            return
        left = timedelta(seconds=seat.waits_until - self._seats.monotonic())
        if left > timedelta(0):
            self._next_heartbeat.set_to(clock.now() + min(left, BEAT))
        else:
            self._take_up(SENDER, seat)

    def _renew_tokens(self, now: datetime) -> None:
        for name, seat in self._of.items():
            if seat.token_at is not None and now - seat.token_at > _TOKEN_AGE:
                seat.token_at = now
                self._broker.put_token(name)

    def _balance(self, nodes: int, now: datetime) -> None:
        """Release seats beyond this node's share; the broker chooses the next holder."""
        self._balanced_at = self._balanced_at or now
        if now - self._balanced_at < _BALANCE:
            return
        self._balanced_at = now
        held = [name for name in self._seats.epochs if name != SENDER]
        share = -(-(len(self._of) - 1) // max(1, nodes))
        for name in held[share:]:
            self._hand_on(name, self._of[name])

    def _hand_on(self, name: str, seat: HeldSeat) -> None:
        self._broker.unsubscribe(name, seat.term)
        self._give_up(name, seat)
        if seat.token is not None:
            self._broker.refuse(seat.token)
        self._stand_in_line(name, seat)

    def _leave(self) -> None:
        # The sender's seat is kept to the end, so that no other node sends while calls are under
        # way.
        self._is_leaving = True
        for name, seat in self._of.items():
            if self._is_in and name != SENDER:
                self._broker.unsubscribe(name, seat.term)


def _result_of(done: Receipt) -> HeartbeatResult | None:
    if done.exception() is not None:
        return None
    answer = done.result()
    return answer if isinstance(answer, HeartbeatResult) else None
