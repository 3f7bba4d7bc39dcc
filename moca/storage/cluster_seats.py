from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from moca.core.messages.cluster import Beat, ClaimSeat, LeaveSeats, SeatClaimed, Standing
from moca.storage.db.cluster_tables import Node, Seat
from moca.storage.outbox.freeze import is_frozen
from moca.storage.outbox.results import resting_accounts
from moca.storage.unit_of_work import Batch

_ALIVE = timedelta(seconds=10)


def claim_seats(batch: Batch, commands: Sequence[ClaimSeat]) -> None:
    """Open a new epoch for each seat; whoever held it writes in vain from the commit on."""
    for command in commands:
        before = Seat.get_or_none(Seat.name == command.seat)
        epoch = 1 if before is None else before.epoch + 1
        row: Any = Seat.insert(
            name=command.seat, epoch=epoch, node=command.node, since_at=command.at
        )
        row.on_conflict(
            conflict_target=[Seat.name], preserve=[Seat.epoch, Seat.node, Seat.since_at]
        ).execute()
        batch.tell(SeatClaimed(command.seat, epoch, before is None or not before.node))


def leave_seats(_batch: Batch, commands: Sequence[LeaveSeats]) -> None:
    """Write that the seats of a node stand empty, and take it off the list."""
    for command in commands:
        held: Any = Seat.update(node="", since_at=command.at)
        held.where(Seat.node == command.node).execute()
        Node.delete().where(Node.name == command.node).execute()


def beat(batch: Batch, commands: Sequence[Beat]) -> None:
    """Write when nodes were last seen, and tell them where they stand."""
    for command in commands:
        row: Any = Node.insert(name=command.node, address=command.address, seen_at=command.at)
        row.on_conflict(
            conflict_target=[Node.name], preserve=[Node.address, Node.seen_at]
        ).execute()
        alive = Node.select().where(Node.seen_at > command.at - _ALIVE).count()
        held: Any = Seat.select(Seat.name, Seat.epoch).where(Seat.node == command.node).tuples()
        batch.answer(
            command.receipt, Standing(alive, dict(held), is_frozen(), resting_accounts(command.at))
        )
