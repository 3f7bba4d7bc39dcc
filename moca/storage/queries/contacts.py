from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.inbound.excerpt import items_naming
from moca.core.types import ContactKey
from moca.storage.db.operator_tables import ConversationLabel, Label, Note
from moca.storage.db.privacy_tables import DeletionRequest
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import (
    Contact,
    Conversation,
    Event,
    JourneyStep,
    Message,
    QueueItem,
    Webhook,
    is_contact,
)
from moca.storage.queries.pagination import Key, Page, instant_of, microseconds_of
from moca.storage.queries.records import ContactRecord
from moca.storage.queries.team.account_scope import narrow

_COLUMNS = tuple(getattr(Contact, name) for name in ContactRecord.__dataclass_fields__)
_LATEST_FIRST = (Contact.last_seen_at.desc(), Contact.id.desc())


def find_contact(
    psid: str, account_id: str | None = None, *, scope: AccountScope = ALL_ACCOUNTS
) -> ContactRecord | None:
    """Return a contact, or None. Without an account, the one of this id seen last."""
    query = narrow(Contact.select(*_COLUMNS).where(Contact.psid == psid), scope)
    if account_id is not None:
        query = query.where(Contact.account_id == account_id)
    row = query.order_by(*_LATEST_FIRST).dicts().first()
    return None if row is None else ContactRecord(**row)


def list_contacts(
    *, limit: int, after: Key | None = None, scope: AccountScope = ALL_ACCOUNTS
) -> Page[ContactRecord]:
    """Return contacts, most recently seen first."""
    query = narrow(Contact.select(*_COLUMNS), scope)
    if after is not None:
        query = query.where(_comes_after(*after))
    found = read_dicts(query.order_by(*_LATEST_FIRST).limit(limit + 1))
    rows = [ContactRecord(**row) for row in found]
    shown = tuple(rows[:limit])
    return Page(shown, _key(shown[-1]) if len(rows) > limit else None)


def list_unnamed(at: datetime, *, limit: int) -> tuple[ContactKey, ...]:
    """Return contacts whose profile is due to be read, those that became due last first."""
    query = Contact.select(Contact.account_id, Contact.psid).where(Contact.profile_due_at <= at)
    latest = query.order_by(Contact.profile_due_at.desc()).limit(limit)
    return tuple(ContactKey(*row) for row in read_rows(latest))


def _comes_after(seen_us: int, contact_id: int) -> Any:
    at = instant_of(seen_us)
    tied = (Contact.last_seen_at == at) & (Contact.id < contact_id)
    return (Contact.last_seen_at < at) | tied


def _key(last: ContactRecord) -> Key:
    return (microseconds_of(last.last_seen_at), last.id)


def export_contact(contact: ContactKey) -> dict[str, Any] | None:
    """Return everything stored about a contact, as plain values, or None for an unknown contact."""
    found = Contact.get_or_none(is_contact(contact))
    if found is None:
        return None
    conversations = Conversation.select().where(Conversation.contact == found)
    return {
        "contact": _told(found),
        "conversations": [_conversation(each) for each in conversations.order_by(Conversation.id)],
        "events": [_told(each) for each in _events(contact)],
        "webhooks": _webhooks(found, contact),
    }


def _conversation(conversation: Any) -> dict[str, Any]:
    said = Message.select().where(Message.conversation == conversation.id)
    messages = [_message(each) for each in said.order_by(Message.id)]
    labels = ConversationLabel.select(Label.name).join(Label)
    names = labels.where(ConversationLabel.conversation == conversation.id)
    notes = Note.select().where(Note.conversation == conversation.id).order_by(Note.id)
    items = QueueItem.select().where(QueueItem.conversation == conversation.id)
    return _told(conversation) | {
        "messages": messages,
        "labels": [name for (name,) in read_rows(names.order_by(Label.name))],
        "notes": [_told(each) for each in notes],
        "queue_items": [_told(each) for each in items.order_by(QueueItem.id)],
    }


def _message(message: Any) -> dict[str, Any]:
    steps = JourneyStep.select().where(JourneyStep.message == message.id)
    journey = [_told(each) for each in steps.order_by(JourneyStep.id)]
    return _told(message) | {"journey": journey}


def _events(contact: ContactKey) -> Any:
    return Event.select().where(_is_about(contact)).order_by(Event.id)


def _is_about(contact: ContactKey) -> Any:
    return (Event.psid == contact.psid) & (Event.account_id == contact.account_id)


def _webhooks(found: Any, contact: ContactKey) -> list[dict[str, Any]]:
    said = Message.select(Message.webhook).join(Conversation)
    about = Event.select(Event.webhook).where(_is_about(contact))
    linked = (Webhook.id << said.where(Conversation.contact == found)) | (Webhook.id << about)
    rows = Webhook.select().where(linked).order_by(Webhook.id)
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
    """The progress of a requested erasure."""

    code: str
    requested_at: datetime
    completed_at: datetime | None


def find_deletion(code: str) -> DeletionRecord | None:
    """Return a request by its code, or None."""
    columns = (DeletionRequest.code, DeletionRequest.requested_at, DeletionRequest.completed_at)
    query = DeletionRequest.select(*columns).where(DeletionRequest.code == code)
    return next((DeletionRecord(*row) for row in read_rows(query)), None)
