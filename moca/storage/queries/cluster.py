from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moca.storage.db.cluster_tables import Node, Seat

_ALIVE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A process that takes part."""

    name: str
    address: str
    seen_at: datetime
    is_alive: bool
    partitions: int
    """How many it owns."""
    is_sender: bool


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """Who acts for a partition, or sends."""

    name: str
    node: str | None
    """None once its holder left it and until another has taken it."""
    epoch: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """Who there is, and who owns what; empty on one machine."""

    nodes: tuple[NodeRecord, ...]
    seats: tuple[SeatRecord, ...]


def read_cluster(now: datetime) -> ClusterRecord:
    """Tell who takes part and who owns what."""
    rows: Any = Seat.select().order_by(Seat.name)
    seats = tuple(SeatRecord(row.name, row.node or None, row.epoch, row.since_at) for row in rows)
    nodes: Any = Node.select().order_by(Node.name)
    return ClusterRecord(tuple(_node(row, seats, now) for row in nodes), seats)


def _node(row: Any, seats: tuple[SeatRecord, ...], now: datetime) -> NodeRecord:
    held = [seat.name for seat in seats if seat.node == row.name]
    is_sender = "sender" in held
    return NodeRecord(
        name=row.name,
        address=row.address,
        seen_at=row.seen_at,
        is_alive=now - row.seen_at < _ALIVE,
        partitions=len(held) - is_sender,
        is_sender=is_sender,
    )
