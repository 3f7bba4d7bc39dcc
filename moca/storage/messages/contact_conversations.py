from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from peewee import JOIN

from moca.core.contact_profile import FIRST_READ_AFTER
from moca.core.types import ContactKey, ConversationStatus
from moca.storage.db.bulk import Insertion, Update
from moca.storage.db.statements import Selection
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation

_CONTACTS = (
    Contact.last_seen_at,
    Contact.window_opened_at,
    Contact.opted_out_at,
    Contact.message_count,
)
_CONVERSATIONS = (
    Conversation.status,
    Conversation.held_until,
    Conversation.last_user_message_at,
    Conversation.last_activity_at,
)
_INSERT_CONTACTS = Insertion(
    Contact,
    Contact.account_id,
    Contact.psid,
    Contact.created_at,
    Contact.profile_due_at,
    *_CONTACTS,
)
_UPDATE_CONTACTS = Update(Contact, *_CONTACTS)
_INSERT_CONVERSATIONS = Insertion(
    Conversation, Conversation.contact, Conversation.created_at, *_CONVERSATIONS
)
_UPDATE_CONVERSATIONS = Update(Conversation, *_CONVERSATIONS)


OTHER_APPS_TURN = timedelta(hours=24)
"""How long after a contact's last message Instagram leaves a thread to the app that controls it."""


class HoldChange(Enum):
    """A change of who may answer."""

    RAN_OUT = auto()
    STOOD_BY = auto()
    CAME_BACK = auto()


@dataclass(slots=True, kw_only=True)
class ContactConversation:
    """A contact with its current conversation: read, changed in memory, then written."""

    contact: ContactKey
    contact_id: int = 0
    conversation_id: int = 0
    """0 until it is written, like the contact's."""
    last_seen_at: datetime | None = None
    window_opened_at: datetime | None = None
    opted_out_at: datetime | None = None
    message_count: int = 0
    is_new: bool = True
    """Whether the contact has not been announced yet."""
    began_at: datetime | None = None
    status: str = ConversationStatus.OPEN
    held_until: datetime | None = None
    last_user_message_at: datetime | None = None
    last_activity_at: datetime | None = None
    person_until: datetime | None = None
    """Until when a person holds the conversation, even while another app controls the thread; only
    read."""

    @property
    def profile_due_at(self) -> datetime | None:
        """When to read a new contact's profile, if its conversation could not."""
        return self.began_at and self.began_at + FIRST_READ_AFTER

    def go_on(self, at: datetime) -> None:
        """Record that a message was written, by either side."""
        self.began_at = self.began_at or at
        self.last_seen_at = self.last_seen_at or at
        self.last_activity_at = latest(self.last_activity_at, at)

    def receive(self, at: datetime, window_opened_at: datetime | None) -> None:
        """Record that the contact wrote. With None, no window opens."""
        self.go_on(at)
        self.message_count += 1
        self.last_seen_at = latest(self.last_seen_at, at)
        if window_opened_at is not None:
            self.window_opened_at = latest(self.window_opened_at, window_opened_at)
        self.last_user_message_at = latest(self.last_user_message_at, at)

    def introduce(self) -> bool:
        """Return, once, whether nothing is to be known of the contact but its first message."""
        is_new, self.is_new = self.is_new, False
        return is_new and self.status == ConversationStatus.OPEN and self.opted_out_at is None

    def end_hold(self, at: datetime) -> bool:
        """Open the conversation if its hold has expired, and return whether it had."""
        if self.held_until is None or at < self.held_until:
            return False
        self.status, self.held_until = ConversationStatus.OPEN, None
        return True

    def stand_by(self, at: datetime) -> HoldChange | None:
        """Record that another app controls the thread; None if the bot is held as long anyway."""
        self.end_hold(at)
        until = at + OTHER_APPS_TURN
        if self.status == ConversationStatus.STANDBY:
            self.held_until = latest(self.held_until, until)
            return None
        ends_before = self.held_until is not None and self.held_until < until
        if self.status != ConversationStatus.OPEN and not ends_before:
            return None
        self.status, self.held_until = ConversationStatus.STANDBY, until
        return HoldChange.STOOD_BY

    def take_back_if_ours(self, sent_at: datetime | None, at: datetime) -> bool:
        """Take the thread back if it was ours when the message was sent; return whether it was."""
        if sent_at is None or self.held_until is None or self.status != ConversationStatus.STANDBY:
            return False
        if sent_at <= self.held_until - OTHER_APPS_TURN:
            return False
        self.take_back(at)
        return True

    def take_back(self, at: datetime) -> None:
        """Release the thread to the bot, or to the person whose hold has not expired."""
        self.status, self.held_until = ConversationStatus.OPEN, None
        if self.person_until is not None and at < self.person_until:
            self.status, self.held_until = ConversationStatus.HUMAN, self.person_until


class ContactConversations:
    """The conversations of several contacts, changed in memory, then written in few statements."""

    def __init__(self, contacts: Iterable[ContactKey]) -> None:
        self._conversations = _stored(set(contacts))

    def of(self, contact: ContactKey) -> ContactConversation:
        """Return a contact's conversation, or start one."""
        if contact not in self._conversations:
            self._conversations[contact] = ContactConversation(contact=contact)
        return self._conversations[contact]

    def write(self) -> None:
        """Write the changes. Afterwards, each conversation has its ids."""
        conversations = tuple(self._conversations.values())
        known = [each for each in conversations if each.contact_id]
        unknown = [each for each in conversations if not each.contact_id]
        _UPDATE_CONTACTS.each((*_contact(each), each.contact_id) for each in known)
        ids = _INSERT_CONTACTS.returning_ids(
            (*each.contact, each.began_at, each.profile_due_at, *_contact(each)) for each in unknown
        )
        for each, contact_id in zip(unknown, ids, strict=True):
            each.contact_id = contact_id
        self._write_conversations(conversations)

    def _write_conversations(self, conversations: tuple[ContactConversation, ...]) -> None:
        current = [each for each in conversations if each.conversation_id]
        beginning = [each for each in conversations if not each.conversation_id]
        _UPDATE_CONVERSATIONS.each((*_conversation(each), each.conversation_id) for each in current)
        ids = _INSERT_CONVERSATIONS.returning_ids(
            (each.contact_id, each.began_at, *_conversation(each)) for each in beginning
        )
        for each, conversation_id in zip(beginning, ids, strict=True):
            each.conversation_id = conversation_id


def latest(known: datetime | None, at: datetime) -> datetime:
    """Return the later instant."""
    return at if known is None else max(known, at)


def _contact(of: ContactConversation) -> tuple[object, ...]:
    return of.last_seen_at, of.window_opened_at, of.opted_out_at, of.message_count


def _conversation(of: ContactConversation) -> tuple[object, ...]:
    return of.status, of.held_until, of.last_user_message_at, of.last_activity_at


_STORED = (
    Contact.id,
    *_CONTACTS,
    Conversation.id,
    *_CONVERSATIONS,
    Conversation.person_until,
)
_NAMES = (
    "contact_id",
    *(column.name for column in _CONTACTS),
    "conversation_id",
    *(column.name for column in _CONVERSATIONS),
    "person_until",
)

_BY_PSID = Selection(
    lambda: Contact.select(Contact.account_id, Contact.psid, *_STORED).join(
        Conversation, JOIN.LEFT_OUTER, on=(Conversation.contact == Contact.id) & IS_CURRENT
    ),
    Contact.psid,
)


def _stored(contacts: set[ContactKey]) -> dict[ContactKey, ContactConversation]:
    found: dict[ContactKey, ContactConversation] = {}
    for account_id, psid, *rest in _BY_PSID.among(sorted({contact.psid for contact in contacts})):
        contact = ContactKey(account_id, psid)
        if contact in contacts:
            stored = zip(_NAMES, rest, strict=True)
            known = {name: value for name, value in stored if value is not None}
            found[contact] = ContactConversation(contact=contact, is_new=False, **known)
    return found


def note_teammate_hold(conversation_id: int, until: datetime) -> None:
    """Record until when a person holds the conversation, or when it was given back."""
    noted = Conversation.update(person_until=until)
    noted.where(Conversation.id == conversation_id).execute()


def note_teammate_reply(conversation_id: int, at: datetime) -> None:
    """Record that a person wrote to the contact."""
    known = Conversation.person_until
    noted = Conversation.update(person_until=at)
    noted.where((Conversation.id == conversation_id) & (known.is_null() | (known < at))).execute()


def cool_down(conversation_id: int, until: datetime) -> None:
    """Extend a conversation's cooldown to an instant; it is never shortened."""
    is_sooner = Conversation.cooldown_until.is_null() | (Conversation.cooldown_until < until)
    cooled = Conversation.update(cooldown_until=until)
    cooled.where((Conversation.id == conversation_id) & is_sooner).execute()
