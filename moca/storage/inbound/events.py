import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, assert_never

from moca.core.inbound.events import Deletion, Edit, OtherEvent, ThreadControl
from moca.storage.db.bulk import Insertion, Update, in_chunks
from moca.storage.db.fields import short, storable
from moca.storage.db.tables import Event
from moca.storage.inbound.edits import edit_message, hear_edit_again
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
"""A message that an edit hints at and that has not come by then is fetched."""
_TEST_ACCOUNT = "0"


class Happened(NamedTuple):
    """What a webhook told beside messages and echoes."""

    webhook_id: int
    at: datetime
    told: OtherEvent | Deletion | Edit | ThreadControl

    @property
    def event(self) -> OtherEvent:
        """What is kept of it."""
        return self.told if isinstance(self.told, OtherEvent) else self.told.event


def record_happenings(batch: Batch, happened: Sequence[Happened]) -> None:
    """Store what is new and do what follows from it; what came again is counted."""
    known = _stored(each.event.key for each in happened)
    fresh: dict[str, Happened] = {}
    again: list[Happened] = []
    counts: dict[int, int] = {}
    repeats: dict[str, int] = {}
    for each in happened:
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
        if isinstance(each.told, Edit):
            hear_edit_again(each.told, each.webhook_id, each.at)


def _carry_out(batch: Batch, happened: Happened) -> None:
    told = happened.told
    match told:
        case Deletion():
            unsend(batch, told, happened.webhook_id, happened.at)
        case Edit():
            edit_message(batch, told, happened.webhook_id, happened.at)
        case ThreadControl():
            hand_over(batch, told, happened.at)
        case OtherEvent():
            pass
        case _:
            assert_never(told)


def _row(happened: Happened, redeliveries: int) -> tuple[object, ...]:
    event = happened.event
    detail = {storable(name): storable(text) for name, text in event.detail}
    return (
        happened.webhook_id,
        short(event.kind),
        event.account_id,
        event.contact.psid if event.contact else None,
        event.mid,
        event.key,
        happened.at,
        event.sent_at,
        json.dumps(detail, ensure_ascii=False),
        redeliveries,
        _look_at(happened),
        0,
        "",
    )


def _look_at(happened: Happened) -> datetime | None:
    told = happened.told
    # Where the edit itself tells the whole message, nothing needs to be fetched.
    if not isinstance(told, Edit) or told.message is not None:
        return None
    if told.event.account_id in ("", _TEST_ACCOUNT) or told.mid.startswith("hash:"):
        return None
    return happened.at + MESSAGE_FOLLOWS_WITHIN


def _stored(keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    found = {}
    for chunk in in_chunks(sorted({key for key in keys if key})):
        query: Any = Event.select(Event.key, Event.id, Event.redeliveries)
        for key, row_id, redeliveries in query.where(Event.key << chunk).tuples():
            found[key] = row_id, redeliveries
    return found
