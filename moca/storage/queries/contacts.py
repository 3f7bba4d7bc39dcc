from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.inbound.excerpt import items_naming
from moca.core.types import ContactKey
from moca.storage.db.operator_tables import Note
from moca.storage.db.tables import (
    Contact,
    Conversation,
    DeletionRequest,
    Event,
    JourneyStep,
    Message,
    QueueItem,
    Webhook,
    is_contact,
)
from moca.storage.queries.pagination import Key, Page, instant_of, microseconds_of
from moca.storage.queries.records import ContactRecord

_COLUMNS = tuple(getattr(Contact, name) for name in ContactRecord.__dataclass_fields__)
_LATEST_FIRST = (Contact.last_seen_at.desc(), Contact.id.desc())


def find_contact(psid: str, account_id: str | None = None) -> ContactRecord | None:
    """Look a contact up; without an account, the one of this id seen last. None if none."""
    query = Contact.select(*_COLUMNS).where(Contact.psid == psid)
    if account_id is not None:
        query = query.where(Contact.account_id == account_id)
    row = query.order_by(*_LATEST_FIRST).dicts().first()
    return None if row is None else ContactRecord(**row)


def list_contacts(*, limit: int, after: Key | None = None) -> Page[ContactRecord]:
    """List contacts, those seen last first."""
    query: Any = Contact.select(*_COLUMNS)
    if after is not None:
        query = query.where(_comes_after(*after))
    found = query.order_by(*_LATEST_FIRST).limit(limit + 1).dicts()
    rows = [ContactRecord(**row) for row in found]
    shown = tuple(rows[:limit])
    return Page(shown, _key(shown[-1]) if len(rows) > limit else None)


def _comes_after(seen_us: int, contact_id: int) -> Any:
    at = instant_of(seen_us)
    tied = (Contact.last_seen_at == at) & (Contact.id < contact_id)
    return (Contact.last_seen_at < at) | tied


def _key(last: ContactRecord) -> Key:
    return (microseconds_of(last.last_seen_at), last.id)


def export_contact(contact: ContactKey) -> dict[str, Any] | None:
    """Gather all that is kept of a contact, as plain values; None if nobody has this id."""
    found = Contact.get_or_none(is_contact(contact))
    if found is None:
        return None
    conversations: Any = Conversation.select().where(Conversation.contact == found)
    return {
        "contact": _told(found),
        "conversations": [_conversation(each) for each in conversations.order_by(Conversation.id)],
        "events": [_told(each) for each in _events(contact)],
        "webhooks": _webhooks(found, contact),
    }


def _conversation(conversation: Any) -> dict[str, Any]:
    said: Any = Message.select().where(Message.conversation == conversation.id)
    messages = [_message(each) for each in said.order_by(Message.id)]
    notes: Any = Note.select().where(Note.conversation == conversation.id).order_by(Note.id)
    items: Any = QueueItem.select().where(QueueItem.conversation == conversation.id)
    return _told(conversation) | {
        "messages": messages,
        "notes": [_told(each) for each in notes],
        "queue_items": [_told(each) for each in items.order_by(QueueItem.id)],
    }


def _message(message: Any) -> dict[str, Any]:
    steps: Any = JourneyStep.select().where(JourneyStep.message == message.id)
    journey = [_told(each) for each in steps.order_by(JourneyStep.id)]
    return _told(message) | {"journey": journey}


def _events(contact: ContactKey) -> Any:
    return Event.select().where(_is_about(contact)).order_by(Event.id)


def _is_about(contact: ContactKey) -> Any:
    return (Event.psid == contact.psid) & (Event.account_id == contact.account_id)


def _webhooks(found: Any, contact: ContactKey) -> list[dict[str, Any]]:
    said: Any = Message.select(Message.webhook).join(Conversation)
    told: Any = Event.select(Event.webhook).where(_is_about(contact))
    linked = (Webhook.id << said.where(Conversation.contact == found)) | (Webhook.id << told)
    rows: Any = Webhook.select().where(linked).order_by(Webhook.id)
    return [
        {"received_at": row.received_at.isoformat(), "items": items}
        for row in rows.iterator()
        if (items := items_naming(bytes(row.body), contact.psid))
    ]


def _told(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.__data__.items()
    }


@dataclass(frozen=True, slots=True)
class DeletionRecord:
    """How far the erasure is that somebody asked for."""

    code: str
    requested_at: datetime
    completed_at: datetime | None


def find_deletion(code: str) -> DeletionRecord | None:
    """Look a request up by its code; None if there is none."""
    columns = (DeletionRequest.code, DeletionRequest.requested_at, DeletionRequest.completed_at)
    query: Any = DeletionRequest.select(*columns).where(DeletionRequest.code == code)
    return next((DeletionRecord(*row) for row in query.tuples()), None)
