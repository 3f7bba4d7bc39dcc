from collections.abc import Sequence
from datetime import timedelta

from moca.core.messages.cluster import (
    ClaimSeat,
    Heartbeat,
    HeartbeatResult,
    LeaveSeats,
    SeatClaimed,
)
from moca.core.partition import SENDER
from moca.storage.db.cluster_tables import Node, Seat
from moca.storage.db.rows import read_rows
from moca.storage.handlers import handles
from moca.storage.outbox.freeze import is_frozen
from moca.storage.outbox.results import resting_accounts
from moca.storage.unit_of_work import Batch

_ALIVE = timedelta(seconds=10)
_UNRECORDED_LEASE = timedelta(seconds=2.5)
"""The lease of the versions that do not record it, which may run beside this one."""
_MILLISECOND = timedelta(milliseconds=1)


@handles(ClaimSeat)
def claim_seats(batch: Batch, commands: Sequence[ClaimSeat]) -> None:
    """Take over leases under a new epoch.

    From the commit on, their previous holders cannot write.
    """
    for command in commands:
        before = Seat.get_or_none(Seat.name == command.seat)
        epoch = 1 if before is None else before.epoch + 1
        wait = timedelta(0) if before is None or not before.node else _lease_of(before)
        row = Seat.insert(
            name=command.seat,
            epoch=epoch,
            node=command.node,
            since_at=command.at,
            # The one before may still act while this holder waits, and so when it is followed.
            lease_ms=max(wait, command.lease) // _MILLISECOND,
            lease_epoch=epoch,
        )
        row.on_conflict(
            conflict_target=[Seat.name],
            preserve=[Seat.epoch, Seat.node, Seat.since_at, Seat.lease_ms, Seat.lease_epoch],
        ).execute()
        batch.tell(SeatClaimed(command.seat, epoch, wait))


def _lease_of(seat: Seat) -> timedelta:
    if seat.lease_ms is None or seat.lease_epoch != seat.epoch:
        return _UNRECORDED_LEASE
    return seat.lease_ms * _MILLISECOND


@handles(LeaveSeats)
def leave_seats(_batch: Batch, commands: Sequence[LeaveSeats]) -> None:
    """Release a node's leases and remove the node."""
    for command in commands:
        is_free = Seat.node == command.node
        if not command.has_waited:
            is_free &= Seat.name != SENDER
        Seat.update(node="", since_at=command.at).where(is_free).execute()
        Node.delete().where(Node.name == command.node).execute()


@handles(Heartbeat)
def record_heartbeats(batch: Batch, commands: Sequence[Heartbeat]) -> None:
    """Record heartbeats and answer them with the node's leases and the state of the cluster."""
    for command in commands:
        row = Node.insert(name=command.node, address=command.address, seen_at=command.at)
        row.on_conflict(
            conflict_target=[Node.name], preserve=[Node.address, Node.seen_at]
        ).execute()
        alive = Node.select().where(Node.seen_at > command.at - _ALIVE).count()
        held = read_rows(Seat.select(Seat.name, Seat.epoch).where(Seat.node == command.node))
        batch.answer(
            command.receipt,
            HeartbeatResult(
                alive, dict(held), is_frozen(), resting_accounts(command.at), command.elapsed()
            ),
        )
