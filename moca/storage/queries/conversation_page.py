import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.content.attachments import Received
from moca.core.content.content import Content
from moca.core.types import Role
from moca.storage.content_codec import read_content, read_received
from moca.storage.db.operator_tables import Note, SavedAnswer
from moca.storage.db.tables import Conversation, Event, Message, QueueItem
from moca.storage.queries.messages import full_rows, record_of
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import MessageRecord

_NOTES_SHOWN = 100
_ANSWERS_SHOWN = 100
_EVENTS_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A sign on a message, an edit of it, or that it was seen."""

    kind: str
    at: datetime
    detail: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message as a conversation shows it, with all that goes with its text."""

    message: MessageRecord
    received: Received | None
    """Of a contact's message."""
    said: Content | None
    """Of a reply."""
    deleted_at: datetime | None
    comment_id: str | None
    scheduled_for: datetime | None
    """When a reply that waits in the queue may go."""
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord:
    """What a colleague wrote about a conversation."""

    id: int
    author: str
    text: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswerRecord:
    """A text that is said often."""

    id: int
    name: str
    text: str = field(repr=False)


def read_talk(conversation_id: int, *, limit: int, after: Key | None = None) -> Page[Line]:
    """Read a conversation's lines, newest first."""
    query = full_rows().where(Message.conversation == conversation_id)
    if after is not None:
        query = query.where(Message.id < after[0])
    rows = list(query.order_by(Message.id.desc()).limit(limit + 1))
    shown = rows[:limit]
    happened = _happenings(row["mid"] for row in shown if row["mid"])
    due = _scheduled(row["id"] for row in shown if row["role"] == Role.ASSISTANT)
    lines = tuple(_line(row, happened[row["mid"]], due.get(row["id"])) for row in shown)
    return Page(lines, (shown[-1]["id"],) if len(rows) > limit else None)


def notes_of(conversation_id: int) -> tuple[NoteRecord, ...]:
    """List the latest notes on a conversation, oldest first."""
    query: Any = Note.select(Note.id, Note.author, Note.text, Note.created_at)
    latest = query.where(Note.conversation == conversation_id).order_by(Note.id.desc())
    rows = list(latest.limit(_NOTES_SHOWN).dicts())
    return tuple(NoteRecord(**row) for row in reversed(rows))


def saved_answers() -> tuple[SavedAnswerRecord, ...]:
    """List the saved answers by name."""
    query: Any = SavedAnswer.select().order_by(SavedAnswer.name).limit(_ANSWERS_SHOWN)
    return tuple(SavedAnswerRecord(**row) for row in query.dicts())


def read_at(conversation_id: int) -> datetime | None:
    """Tell when somebody who answers last looked at it; None if nobody did."""
    query: Any = Conversation.select(Conversation.read_at)
    row = query.where(Conversation.id == conversation_id).dicts().first()
    return None if row is None else row["read_at"]


def earlier_conversation(conversation_id: int) -> int | None:
    """Name the same contact's conversation before this one; None if it is the first."""
    this: Any = Conversation.select(Conversation.contact).where(Conversation.id == conversation_id)
    query: Any = Conversation.select(Conversation.id).where(
        (Conversation.contact == this) & (Conversation.id < conversation_id)
    )
    row = query.order_by(Conversation.id.desc()).tuples().first()
    return None if row is None else int(row[0])


def _happenings(mids: Iterable[str]) -> Mapping[str | None, tuple[Happening, ...]]:
    found: dict[str | None, tuple[Happening, ...]] = defaultdict(tuple)
    query: Any = Event.select(Event.mid, Event.kind, Event.at, Event.detail).where(
        Event.mid << list(mids)
    )
    for row in query.order_by(Event.id).limit(_EVENTS_SHOWN).dicts():
        told = Happening(kind=row["kind"], at=row["at"], detail=json.loads(row["detail"]))
        found[row["mid"]] = (*found[row["mid"]], told)
    return found


def _scheduled(message_ids: Iterable[int]) -> dict[int, datetime]:
    query: Any = QueueItem.select(QueueItem.message, QueueItem.scheduled_for)
    return dict(query.where(QueueItem.message << list(message_ids)).tuples())


def _line(
    row: dict[str, Any], happenings: tuple[Happening, ...], scheduled_for: datetime | None
) -> Line:
    is_reply = row["role"] == Role.ASSISTANT
    return Line(
        message=record_of(row),
        received=None if is_reply else read_received(row["content"]),
        said=read_content(row["text"], row["content"]) if is_reply else None,
        deleted_at=row["deleted_at"],
        comment_id=row["comment_id"],
        scheduled_for=scheduled_for,
        happenings=happenings,
    )
