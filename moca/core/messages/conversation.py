from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moca.core.contact_profile import ContactProfile
from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.command import Command
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True)
class LoadConversation(Command):
    """Read the stored state of a conversation. Conversation -> Persistence."""

    contact: ContactKey
    at: datetime


@dataclass(frozen=True, slots=True)
class ConversationLoaded:
    """The stored state, None for a new contact. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class ConversationIdle:
    """This conversation can be unloaded. Conversation -> Supervisor."""

    contact: ContactKey
    received: int
    """Messages it has received so far; the supervisor compares, so that none is lost in between."""


@dataclass(frozen=True, slots=True)
class ReadName:
    """Read a contact's name from Instagram. Conversation -> Courier."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class RecordContactProfile(Command):
    """Store a contact's profile. Courier -> Persistence."""

    contact: ContactKey
    profile: ContactProfile = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordProfileUnread(Command):
    """Record that a contact's profile could not be read. Courier -> Persistence."""

    contact: ContactKey
    at: datetime


@dataclass(frozen=True, slots=True)
class FindUnanswered(Command):
    """Find contacts with unanswered messages. Supervisor -> Persistence."""

    after_message_id: int
    limit: int


@dataclass(frozen=True, slots=True)
class UnansweredFound:
    """Contacts, oldest first, each with its first unanswered message. Persistence -> Supervisor."""

    contacts: Mapping[ContactKey, int]
    last_message_id: int | None
    """Where the next page begins; None at the end."""
