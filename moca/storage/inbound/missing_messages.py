from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from moca.core.inbound.events import Echo
from moca.core.messages.inbound import FindMissing, MessagesMissing, MissingMessage, RecordFetched
from moca.core.reconciliation.silence import hour_of
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import Event, Message
from moca.storage.delivery_counts import DeliveryCount, add_up
from moca.storage.handlers import handles
from moca.storage.inbound.echoes import ReceivedEcho, record_echoes
from moca.storage.inbound.messages import FETCHED, Arrival, store_arrivals
from moca.storage.unit_of_work import Batch

_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5))
"""The delays before each further attempt to fetch a message."""
_SCHEDULE = Update(Event, Event.look_at, Event.fetches)

_DUE = Prepared(
    Event,
    lambda at, limit: (
        Event.select(Event.id, Event.account_id, Event.mid, Event.fetches, Message.id)
        .left_outer_join(
            Message, on=(Message.mid == Event.mid) & (Message.account_id == Event.account_id)
        )
        .where(Event.look_at.is_null(is_null=False) & (Event.look_at <= at))
        .order_by(Event.look_at, Event.id)
        .limit(limit)
    ),
)


class _Hint(NamedTuple):
    event_id: int
    account_id: str
    mid: str
    fetches: int
    message_id: int | None

    def schedule(self, at: datetime) -> tuple[datetime | None, int, int]:
        """Return the columns of the next check, with one more attempt counted."""
        if self.message_id is not None:
            return None, self.fetches, self.event_id
        left = _AGAIN_AFTER[self.fetches : self.fetches + 1]
        return (at + left[0] if left else None), self.fetches + 1, self.event_id


@handles(FindMissing)
def find_missing(batch: Batch, commands: Sequence[FindMissing]) -> None:
    """Report the messages that were hinted at and have not arrived, longest overdue first."""
    for command in commands:
        hints = _due(command.at, command.limit)
        _SCHEDULE.each(hint.schedule(command.at) for hint in hints)
        missing = tuple(
            MissingMessage(hint.account_id, hint.mid) for hint in hints if hint.message_id is None
        )
        if missing:
            batch.tell(MessagesMissing(missing))


@handles(RecordFetched)
def record_fetched(batch: Batch, commands: Sequence[RecordFetched]) -> None:
    """Store messages that no webhook carried, or why they could not be fetched."""
    for command in commands:
        found, at = command.found, command.at
        if found is None:
            _note(command, storable(command.because))
        elif isinstance(found, Echo):
            record_echoes(batch, [ReceivedEcho(None, at, found)])
            _note(command, FETCHED)
        else:
            _take_in(batch, command, Arrival(None, at, found, FETCHED))


def _take_in(batch: Batch, command: RecordFetched, arrival: Arrival) -> None:
    has_come = Message.select(Message.id).where(
        (Message.mid == command.mid) & (Message.account_id == command.account_id)
    )
    if not has_come.exists():
        store_arrivals(batch, [arrival])
        add_up([DeliveryCount(command.account_id, hour_of(command.at), missed=1)])
    _note(command, FETCHED)


def _note(command: RecordFetched, because: str) -> None:
    noted = Event.update(because=because)
    hints = (Event.mid == command.mid) & (Event.account_id == command.account_id)
    noted.where(hints & (Event.kind == "edit")).execute()


def _due(at: datetime, limit: int) -> list[_Hint]:
    return list({row[0]: _Hint._make(row) for row in _DUE.rows(at, limit)}.values())
