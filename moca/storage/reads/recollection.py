from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.contact import ContactKey
from moca.core.vocabulary import MessageStatus, Role
from moca.storage.contents import REACTION
from moca.storage.models import Contact, Message, is_contact

_NEVER_SAID = (MessageStatus.FAILED.value, MessageStatus.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the talk, on either side."""

    role: Role
    text: str = field(repr=False)
    """Empty where it was not text, or was unsent."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is known of a contact and of the talk so far."""

    name: str | None = field(default=None, repr=False)
    said: tuple[Said, ...] = ()
    """Oldest first."""


def recollect(contact: ContactKey, before_id: int, limit: int) -> Recollection:
    """Read a contact's name, and the last so many messages before one in its conversation."""
    named: Any = Contact.select(Contact.name).where(is_contact(contact)).tuples()
    name = next((name for (name,) in named), None)
    return Recollection(name, _said_before(before_id, limit) if limit else ())


def _said_before(message_id: int, limit: int) -> tuple[Said, ...]:
    conversation: Any = Message.select(Message.conversation).where(Message.id == message_id)
    query: Any = (
        Message.select(Message.role, Message.text, Message.created_at)
        .where(
            (Message.conversation == conversation)
            & (Message.id < message_id)
            & (Message.kind != REACTION)
            & Message.status.not_in(_NEVER_SAID)
        )
        .order_by(Message.id.desc())
        .limit(limit)
    )
    rows = [Said(Role(role), text, at) for role, text, at in query.tuples()]
    return tuple(reversed(rows))
