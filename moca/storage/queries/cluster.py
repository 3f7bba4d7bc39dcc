from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moca.storage.db.cluster_tables import Node, Seat

_ALIVE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node of the cluster."""

    name: str
    address: str
    seen_at: datetime
    is_alive: bool
    partitions: int
    """The number of partitions it holds."""
    is_sender: bool


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """The holder of a lease, on a partition or on sending."""

    name: str
    node: str | None
    """None from its release until another node takes it."""
    epoch: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """The nodes with their leases; empty without a cluster."""

    nodes: tuple[NodeRecord, ...]
    seats: tuple[SeatRecord, ...]


def read_cluster(now: datetime) -> ClusterRecord:
    """Return the nodes of the cluster with their leases."""
    rows = Seat.select().order_by(Seat.name)
    seats = tuple(SeatRecord(row.name, row.node or None, row.epoch, row.since_at) for row in rows)
    nodes = Node.select().order_by(Node.name)
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
