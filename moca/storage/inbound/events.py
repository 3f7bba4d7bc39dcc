import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from moca.core.inbound.events import Deletion, Edit, OtherEvent, ThreadControl
from moca.storage.db.bulk import Insertion, Update, in_chunks
from moca.storage.db.fields import short, storable
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Event
from moca.storage.inbound.edits import edit_message, record_edit_again
from moca.storage.inbound.thread_control import hand_over
from moca.storage.inbound.unsends import unsend
from moca.storage.unit_of_work import Batch

_INSERT = Insertion(
    Event,
    Event.webhook,
    Event.kind,
    Event.account_id,
    Event.psid,
    Event.mid,
    Event.key,
    Event.at,
    Event.sent_at,
    Event.detail,
    Event.redeliveries,
    Event.look_at,
    Event.fetches,
    Event.because,
)
_REDELIVERIES = Update(Event, Event.redeliveries)

MESSAGE_FOLLOWS_WITHIN = timedelta(seconds=10)
"""How long after an edit's hint the message may take to arrive before it is fetched."""
_TEST_ACCOUNT = "0"


class StoredEvent(NamedTuple):
    """An event other than messages and echoes, from a webhook."""

    webhook_id: int
    at: datetime
    received: OtherEvent | Deletion | Edit | ThreadControl

    @property
    def event(self) -> OtherEvent:
        """The part of it that is stored."""
        return self.received if isinstance(self.received, OtherEvent) else self.received.event


def record_events(batch: Batch, stored: Sequence[StoredEvent]) -> None:
    """Store new events and apply their consequences; repeated ones are counted."""
    known = _stored(each.event.key for each in stored)
    fresh: dict[str, StoredEvent] = {}
    again: list[StoredEvent] = []
    counts: dict[int, int] = {}
    repeats: dict[str, int] = {}
    for each in stored:
        key = each.event.key
        if key in known or key in fresh:
            again.append(each)
        if key in known:
            row_id, redeliveries = known[key]
            counts[row_id] = counts.get(row_id, redeliveries) + 1
        elif key in fresh:
            repeats[key] = repeats.get(key, 0) + 1
        elif key:
            fresh[key] = each
    _INSERT.quietly(_row(each, repeats.get(key, 0)) for key, each in fresh.items())
    _REDELIVERIES.each((count, row_id) for row_id, count in counts.items())
    for each in fresh.values():
        _carry_out(batch, each)
    for each in again:
        if isinstance(each.received, Edit):
            record_edit_again(each.received, each.webhook_id, each.at)


def _carry_out(batch: Batch, stored: StoredEvent) -> None:
    received = stored.received
    match received:
        case Deletion():
            unsend(batch, received, stored.webhook_id, stored.at)
        case Edit():
            edit_message(batch, received, stored.webhook_id, stored.at)
        case ThreadControl():
            hand_over(batch, received, stored.at)
        case OtherEvent():
            pass
        case _:
            assert_never(received)


def _row(stored: StoredEvent, redeliveries: int) -> tuple[object, ...]:
    event = stored.event
    detail = {storable(name): storable(text) for name, text in event.detail}
    return (
        stored.webhook_id,
        short(event.kind),
        event.account_id,
        event.contact.psid if event.contact else None,
        event.mid,
        event.key,
        stored.at,
        event.sent_at,
        json.dumps(detail, ensure_ascii=False),
        redeliveries,
        _look_at(stored),
        0,
        "",
    )


def _look_at(stored: StoredEvent) -> datetime | None:
    received = stored.received
    # If the edit carries the whole message, there is nothing to fetch.
    if not isinstance(received, Edit) or received.message is not None:
        return None
    if received.event.account_id in ("", _TEST_ACCOUNT) or received.mid.startswith("hash:"):
        return None
    return stored.at + MESSAGE_FOLLOWS_WITHIN


def _stored(keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    found = {}
    for chunk in in_chunks(sorted({key for key in keys if key})):
        query = Event.select(Event.key, Event.id, Event.redeliveries)
        for key, row_id, redeliveries in read_rows(query.where(Event.key << chunk)):
            found[key] = row_id, redeliveries
    return found
