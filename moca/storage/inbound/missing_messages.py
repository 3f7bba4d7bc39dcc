from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.inbound.events import Echo
from moca.core.messages.inbound import FindMissing, MessagesMissing, MissingMessage, RecordFetched
from moca.core.reconciliation.silence import hour_of
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import Event, Message
from moca.storage.delivery_counts import Tally, add_up
from moca.storage.inbound.echoes import Heard, hear_echoes
from moca.storage.inbound.messages import FETCHED, Arrival, store_arrivals
from moca.storage.unit_of_work import Batch

_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5))
"""A message that could not be fetched is asked for so many more times."""
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
        """Say when to look again, and that it is asked for once more."""
        if self.message_id is not None:
            return None, self.fetches, self.event_id
        left = _AGAIN_AFTER[self.fetches : self.fetches + 1]
        return (at + left[0] if left else None), self.fetches + 1, self.event_id


def find_missing(batch: Batch, commands: Sequence[FindMissing]) -> None:
    """Tell which messages were hinted at and have not come, the longest awaited first."""
    for command in commands:
        hints = _due(command.at, command.limit)
        _SCHEDULE.each(hint.schedule(command.at) for hint in hints)
        missing = tuple(
            MissingMessage(hint.account_id, hint.mid) for hint in hints if hint.message_id is None
        )
        if missing:
            batch.tell(MessagesMissing(missing))


def record_fetched(batch: Batch, commands: Sequence[RecordFetched]) -> None:
    """Take in messages that no webhook told, or write why they could not be fetched."""
    for command in commands:
        found, at = command.found, command.at
        if found is None:
            _note(command, storable(command.because))
        elif isinstance(found, Echo):
            hear_echoes(batch, [Heard(None, at, found)])
            _note(command, FETCHED)
        else:
            _take_in(batch, command, Arrival(None, at, found, FETCHED))


def _take_in(batch: Batch, command: RecordFetched, arrival: Arrival) -> None:
    has_come: Any = Message.select(Message.id).where(
        (Message.mid == command.mid) & (Message.account_id == command.account_id)
    )
    if not has_come.exists():
        store_arrivals(batch, [arrival])
        add_up([Tally(command.account_id, hour_of(command.at), missed=1)])
    _note(command, FETCHED)


def _note(command: RecordFetched, because: str) -> None:
    noted: Any = Event.update(because=because)
    hints = (Event.mid == command.mid) & (Event.account_id == command.account_id)
    noted.where(hints & (Event.kind == "edit")).execute()


def _due(at: datetime, limit: int) -> list[_Hint]:
    return list({row[0]: _Hint._make(row) for row in _DUE.rows(at, limit)}.values())
