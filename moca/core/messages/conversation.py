from dataclasses import dataclass, field
from datetime import datetime

from moca.core.conversation.snapshot import Snapshot
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True)
class LoadConversation:
    """Read what a conversation must know to go on. Conversation -> Persistence."""

    contact: ContactKey
    at: datetime


@dataclass(frozen=True, slots=True)
class ConversationLoaded:
    """What the database knows of it; None if nothing. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class ConversationIdle:
    """Forgetting this conversation would change nothing. Conversation -> Supervisor."""

    contact: ContactKey
    heard: int
    """Messages it has been handed in its life; the supervisor compares, so none slips between."""


@dataclass(frozen=True, slots=True)
class ReadName:
    """Ask Instagram what a contact is called. Conversation -> Courier."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class RecordName:
    """Write what a contact is called. Courier -> Persistence."""

    contact: ContactKey
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FindUnanswered:
    """Look for contacts with unanswered messages. Supervisor -> Persistence."""

    after_message_id: int
    limit: int


@dataclass(frozen=True, slots=True)
class UnansweredFound:
    """Contacts, oldest first; no `last_message_id` at the end. Persistence -> Supervisor."""

    contacts: tuple[ContactKey, ...]
    last_message_id: int | None
