from typing import Any

from moca.core.contact import ContactKey
from moca.storage.models import Contact, Conversation, Event, JourneyStep, Message, is_contact


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
    }


def _conversation(conversation: Any) -> dict[str, Any]:
    said: Any = Message.select().where(Message.conversation == conversation.id)
    messages = [_message(each) for each in said.order_by(Message.id)]
    return _told(conversation) | {"messages": messages}


def _message(message: Any) -> dict[str, Any]:
    steps: Any = JourneyStep.select().where(JourneyStep.message == message.id)
    journey = [_told(each) for each in steps.order_by(JourneyStep.id)]
    return _told(message) | {"journey": journey}


def _events(contact: ContactKey) -> Any:
    about = (Event.psid == contact.psid) & (Event.account_id == contact.account_id)
    return Event.select().where(about).order_by(Event.id)


def _told(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.__data__.items()
    }
