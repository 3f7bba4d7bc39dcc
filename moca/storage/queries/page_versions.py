import hashlib
from typing import Any

import peewee
from peewee import fn

from moca.storage.db.operator_tables import AuditEntry, Mention, Note
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import Contact, Conversation, Event, JourneyStep, Message

_MESSAGES_LOOKED_AT = 60
_DIGITS = 16
_PROFILE = (
    Contact.name,
    Contact.username,
    Contact.picture_url,
    Contact.follower_count,
    Contact.follows_account,
    Contact.opted_out_at,
    Contact.message_count,
)


def _highest(table: Any) -> Any:
    return table.select(fn.MAX(table.id))


def _last_seen() -> Any:
    was_seen = Mention.seen_at.is_null(is_null=False)
    return Mention.select(fn.MAX(Mention.seen_at)).where(was_seen)


# Every change of a message writes a step, every change by an operator an audit entry, except that
# they have seen what mentions them.
_TABLES = (Message, JourneyStep, Event, AuditEntry)
_HIGHEST = Prepared(Message, lambda: peewee.Select(columns=[*map(_highest, _TABLES), _last_seen()]))


def version_of_all() -> str:
    """Return a version of the whole database, which changes with every change."""
    (ids,) = _HIGHEST.rows()
    return "-".join(str(each or 0) for each in ids)


def _latest_messages(conversation_id: peewee.Node, column: peewee.Field) -> Any:
    theirs = Message.select(column).where(Message.conversation == conversation_id)
    return theirs.order_by(Message.id.desc()).limit(_MESSAGES_LOOKED_AT)


def _last_note(conversation_id: peewee.Node) -> Any:
    return _highest(Note).where(Note.conversation == conversation_id)


def _conversation_version(conversation_id: peewee.Node) -> Any:
    ids = _latest_messages(conversation_id, Message.id)
    mids = _latest_messages(conversation_id, Message.mid)
    query = Conversation.select(
        Conversation.status,
        Conversation.last_activity_at,
        *_PROFILE,
        _highest(Message).where(Message.conversation == conversation_id),
        _highest(JourneyStep).where(JourneyStep.message << ids),
        _highest(Event).where(Event.mid << mids),
        _last_note(conversation_id),
        _highest(AuditEntry),
    )
    return query.join(Contact).where(Conversation.id == conversation_id)


def _contact_version(conversation_id: peewee.Node) -> Any:
    other = Conversation.alias()
    query = Conversation.select(
        Conversation.contact,
        *_PROFILE,
        other.select(fn.MAX(other.id)).where(other.contact == Contact.id),
        _last_note(conversation_id),
        # Operators' changes of labels, the assignee and other conversations write audit entries.
        _highest(AuditEntry),
    )
    return query.join(Contact).where(Conversation.id == conversation_id)


_CONVERSATION = Prepared(Message, _conversation_version)
_CONTACT = Prepared(Message, _contact_version)


def version_of_conversation(conversation_id: int) -> str:
    """Return a version of a conversation with its latest messages."""
    return _version_of(_CONVERSATION.rows(conversation_id))


def version_of_contact_pane(conversation_id: int) -> str:
    """Return a version of what is known of a conversation's contact, and of its notes."""
    return _version_of(_CONTACT.rows(conversation_id))


def version_of_messages(message_ids: list[int]) -> str:
    """Return a version of some messages' journeys."""
    last_step = _highest(JourneyStep).where(JourneyStep.message << message_ids).scalar()
    return f"{last_step or 0}"


def _version_of(rows: list[list[Any]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:_DIGITS] if rows else "none"
