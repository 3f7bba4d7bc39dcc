from typing import Any

from moca.core.contact import ContactKey
from moca.core.excerpt import items_naming
from moca.storage.models import (
    Contact,
    Conversation,
    Event,
    JourneyStep,
    Message,
    QueueItem,
    Webhook,
    is_contact,
)
from moca.storage.staff import Note


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
