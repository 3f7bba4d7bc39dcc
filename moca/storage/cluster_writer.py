from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee

from moca.core.messages.cluster import Fenced, SeatLost
from moca.core.messages.command import Command, Conflict
from moca.storage.db.bulk import in_chunks
from moca.storage.db.cluster_tables import Seat
from moca.storage.unit_of_work import Batch, WriterPolicy
from moca.storage.writer import Writer

_TURN = """SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '3s';
SELECT pg_advisory_xact_lock(hashtext(current_database() || current_schema()), 1)"""


class ClusterWriter(Writer):
    """Writes as one of several nodes: one at a time, and only under leases this node still holds.

    Nodes writing at the same time would deadlock on rows, and each would decide on data that
    another is about to change. Taking turns, they act as one writer, and a check of the epoch holds
    until the commit. PostgreSQL ends the turn of a node that stalls within it.
    """

    def __init__(self, database: peewee.Database, policy: WriterPolicy) -> None:
        super().__init__(database, policy)
        self._takes_turns = isinstance(database, peewee.PostgresqlDatabase)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            if self._takes_turns:
                database: Any = self._database
                database.execute_sql(_TURN)
            yield

    def _admitted(self, batch: Batch, commands: Sequence[Any]) -> Sequence[Command]:
        held = _epochs({each.seat for each in commands if isinstance(each, Fenced)})
        admitted: list[Command] = []
        lost: dict[SeatLost, None] = {}
        for each in commands:
            if not isinstance(each, Fenced):
                admitted.append(each)
            elif held.get(each.seat) == each.epoch:
                admitted.append(each.command)
            else:
                lost[SeatLost(each.seat, each.epoch)] = None
                batch.answer(each.receipt, Conflict(f"{each.seat} has another owner by now"))
        batch.tell(*lost)
        return admitted


def _epochs(seats: set[str]) -> dict[str, int]:
    epochs: dict[str, int] = {}
    for chunk in in_chunks(sorted(seats)):
        query: Any = Seat.select(Seat.name, Seat.epoch).where(Seat.name << chunk)
        epochs.update(query.tuples())
    return epochs
