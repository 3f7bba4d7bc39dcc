import hashlib
from typing import Any

import peewee
from peewee import fn

from moca.storage.db.operator_tables import AuditEntry, Mention, Note
from moca.storage.db.rows import read_rows
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


def version_of_conversation(conversation_id: int) -> str:
    """Return a version of a conversation with its latest messages."""
    query = Conversation.select(Conversation.status, Conversation.last_activity_at, *_PROFILE)
    row = query.join(Contact).where(Conversation.id == conversation_id).tuples().first()
    if row is None:
        return "none"
    note = _last_note(conversation_id)
    said = (
        Message.select(Message.id, Message.mid)
        .where(Message.conversation == conversation_id)
        .order_by(Message.id.desc())
        .limit(_MESSAGES_LOOKED_AT)
    )
    rows: list[tuple[int, str | None]] = list(read_rows(said))
    steps = _last_step([message_id for message_id, _ in rows])
    last_event = _last_event([mid for _, mid in rows if mid])
    last = rows[0][0] if rows else 0
    return _named_by(row, last, steps, last_event, note, _last_id(AuditEntry))


def version_of_contact_pane(conversation_id: int) -> str:
    """Return a version of what is known of a conversation's contact, and of its notes."""
    query = Conversation.select(Conversation.contact, *_PROFILE).join(Contact)
    row = query.where(Conversation.id == conversation_id).tuples().first()
    if row is None:
        return "none"
    theirs = Conversation.select(fn.MAX(Conversation.id)).where(Conversation.contact == row[0])
    # Operators' changes of labels, the assignee and other conversations write audit entries.
    return _named_by(row, theirs.scalar(), _last_note(conversation_id), _last_id(AuditEntry))


def version_of_messages(message_ids: list[int]) -> str:
    """Return a version of some messages' journeys."""
    return f"{_last_step(message_ids)}"


def _named_by(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_DIGITS]


def _last_step(message_ids: list[int]) -> int:
    query = JourneyStep.select(fn.MAX(JourneyStep.id))
    return int(query.where(JourneyStep.message << message_ids).scalar() or 0)


def _last_event(mids: list[str]) -> int:
    query = Event.select(fn.MAX(Event.id)).where(Event.mid << mids)
    return int(query.scalar() or 0)


def _last_note(conversation_id: int) -> int:
    query = Note.select(fn.MAX(Note.id)).where(Note.conversation == conversation_id)
    return int(query.scalar() or 0)


def _last_id(table: Any) -> int:
    return int(_highest(table).scalar() or 0)
