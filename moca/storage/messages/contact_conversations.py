from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from peewee import JOIN

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
    Contact, Contact.account_id, Contact.psid, Contact.created_at, *_CONTACTS
)
_UPDATE_CONTACTS = Update(Contact, *_CONTACTS)
_INSERT_CONVERSATIONS = Insertion(
    Conversation, Conversation.contact, Conversation.created_at, *_CONVERSATIONS
)
_UPDATE_CONVERSATIONS = Update(Conversation, *_CONVERSATIONS)


OTHER_APPS_TURN = timedelta(hours=24)
"""So long after a contact's last message does Instagram leave a thread to the app that has it."""


class Turn(Enum):
    """How it changed who may answer."""

    RAN_OUT = auto()
    STOOD_BY = auto()
    CAME_BACK = auto()


@dataclass(slots=True, kw_only=True)
class Talk:
    """A contact and its current conversation: as they are stored, then as they become."""

    contact: ContactKey
    contact_id: int = 0
    conversation_id: int = 0
    """Like the contact's, 0 until it is written."""
    last_seen_at: datetime | None = None
    window_opened_at: datetime | None = None
    opted_out_at: datetime | None = None
    message_count: int = 0
    is_new: bool = True
    """Whether nobody was told of the contact yet."""
    began_at: datetime | None = None
    status: str = ConversationStatus.OPEN
    held_until: datetime | None = None
    last_user_message_at: datetime | None = None
    last_activity_at: datetime | None = None
    person_until: datetime | None = None
    """Until when a person has the word, also under another app's turn; only read here."""

    def go_on(self, at: datetime) -> None:
        """Note that somebody wrote, on either side."""
        self.began_at = self.began_at or at
        self.last_seen_at = self.last_seen_at or at
        self.last_activity_at = latest(self.last_activity_at, at)

    def hear(self, at: datetime, window_opened_at: datetime | None) -> None:
        """Note that the contact wrote; no window opens with None."""
        self.go_on(at)
        self.message_count += 1
        self.last_seen_at = latest(self.last_seen_at, at)
        if window_opened_at is not None:
            self.window_opened_at = latest(self.window_opened_at, window_opened_at)
        self.last_user_message_at = latest(self.last_user_message_at, at)

    def introduce(self) -> bool:
        """Tell, once, whether there is nothing to know of the contact but the message at hand."""
        is_new, self.is_new = self.is_new, False
        return is_new and self.status == ConversationStatus.OPEN and self.opted_out_at is None

    def end_hold(self, at: datetime) -> bool:
        """Open the conversation if its hold ran out; tell whether it did."""
        if self.held_until is None or at < self.held_until:
            return False
        self.status, self.held_until = ConversationStatus.OPEN, None
        return True

    def stand_by(self, at: datetime) -> Turn | None:
        """Note that another app holds the thread; None where the bot is silent as long anyway."""
        self.end_hold(at)
        until = at + OTHER_APPS_TURN
        if self.status == ConversationStatus.STANDBY:
            self.held_until = latest(self.held_until, until)
            return None
        ends_before = self.held_until is not None and self.held_until < until
        if self.status != ConversationStatus.OPEN and not ends_before:
            return None
        self.status, self.held_until = ConversationStatus.STANDBY, until
        return Turn.STOOD_BY

    def comes_back(self, told_at: datetime | None, at: datetime) -> bool:
        """Take the thread back if it was ours again when that was told; tell whether it was."""
        if told_at is None or self.held_until is None or self.status != ConversationStatus.STANDBY:
            return False
        if told_at <= self.held_until - OTHER_APPS_TURN:
            return False
        self.take_back(at)
        return True

    def take_back(self, at: datetime) -> None:
        """Leave the thread to the bot again, or to the person whose hold still runs."""
        self.status, self.held_until = ConversationStatus.OPEN, None
        if self.person_until is not None and at < self.person_until:
            self.status, self.held_until = ConversationStatus.HUMAN, self.person_until


class Talks:
    """The talks of some contacts, changed in memory, then written in few statements."""

    def __init__(self, contacts: Iterable[ContactKey]) -> None:
        self._talks = _stored(set(contacts))

    def of(self, contact: ContactKey) -> Talk:
        """Find a contact's talk, or begin one."""
        if contact not in self._talks:
            self._talks[contact] = Talk(contact=contact)
        return self._talks[contact]

    def write(self) -> None:
        """Write what they have become; from then on each has its ids."""
        talks = tuple(self._talks.values())
        known = [talk for talk in talks if talk.contact_id]
        unknown = [talk for talk in talks if not talk.contact_id]
        _UPDATE_CONTACTS.each((*_contact(talk), talk.contact_id) for talk in known)
        ids = _INSERT_CONTACTS.returning_ids(
            (*talk.contact, talk.began_at, *_contact(talk)) for talk in unknown
        )
        for talk, contact_id in zip(unknown, ids, strict=True):
            talk.contact_id = contact_id
        self._write_conversations(talks)

    def _write_conversations(self, talks: tuple[Talk, ...]) -> None:
        current = [talk for talk in talks if talk.conversation_id]
        beginning = [talk for talk in talks if not talk.conversation_id]
        _UPDATE_CONVERSATIONS.each((*_conversation(talk), talk.conversation_id) for talk in current)
        ids = _INSERT_CONVERSATIONS.returning_ids(
            (talk.contact_id, talk.began_at, *_conversation(talk)) for talk in beginning
        )
        for talk, conversation_id in zip(beginning, ids, strict=True):
            talk.conversation_id = conversation_id


def latest(known: datetime | None, at: datetime) -> datetime:
    """Move an instant forward, never back."""
    return at if known is None else max(known, at)


def _contact(talk: Talk) -> tuple[object, ...]:
    return talk.last_seen_at, talk.window_opened_at, talk.opted_out_at, talk.message_count


def _conversation(talk: Talk) -> tuple[object, ...]:
    return talk.status, talk.held_until, talk.last_user_message_at, talk.last_activity_at


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


def _stored(contacts: set[ContactKey]) -> dict[ContactKey, Talk]:
    found: dict[ContactKey, Talk] = {}
    for account_id, psid, *rest in _BY_PSID.among(sorted({contact.psid for contact in contacts})):
        contact = ContactKey(account_id, psid)
        if contact in contacts:
            stored = zip(_NAMES, rest, strict=True)
            known = {name: value for name, value in stored if value is not None}
            found[contact] = Talk(contact=contact, is_new=False, **known)
    return found


def leave_to_person(conversation_id: int, until: datetime) -> None:
    """Note until when a person has the word; that it was given back at this instant, likewise."""
    noted: Any = Conversation.update(person_until=until)
    noted.where(Conversation.id == conversation_id).execute()


def hear_person(conversation_id: int, at: datetime) -> None:
    """Note that a person wrote to the contact."""
    known = Conversation.person_until
    noted: Any = Conversation.update(person_until=at)
    noted.where((Conversation.id == conversation_id) & (known.is_null() | (known < at))).execute()


def cool_down(conversation_id: int, until: datetime) -> None:
    """Let no flush of a conversation come before an instant."""
    is_sooner = Conversation.cooldown_until.is_null() | (Conversation.cooldown_until < until)
    cooled: Any = Conversation.update(cooldown_until=until)
    cooled.where((Conversation.id == conversation_id) & is_sooner).execute()
