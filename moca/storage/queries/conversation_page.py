import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.content.attachments import ReceivedContent
from moca.core.content.content import Content
from moca.core.types import ItemStatus, Role
from moca.storage.content_codec import read_content, read_received
from moca.storage.db.operator_tables import Note
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Conversation, Event, Message, QueueItem
from moca.storage.queries.composer.uploads import UploadRecord, uploads_of_messages
from moca.storage.queries.messages import full_rows, record_of
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import MessageRecord
from moca.storage.queries.team.mentions import mentioned_in

_NOTES_SHOWN = 100
_EVENTS_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEvent:
    """A reaction to a message, an edit of it, or the fact that it was seen."""

    kind: str
    at: datetime
    detail: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """A message as shown in a conversation, with all its content."""

    message: MessageRecord
    received: ReceivedContent | None
    """The content of a contact's message."""
    said: Content | None
    """The content of a reply."""
    deleted_at: datetime | None
    comment_id: str | None
    scheduled_for: datetime | None
    """When a reply in the queue may be sent."""
    held_item_id: int | None
    """The queue item of a reply that is held."""
    events: tuple[ConversationEvent, ...]
    upload: UploadRecord | None = None
    """The file that an operator attached, while it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord:
    """An operator's note on a conversation."""

    id: int
    author: str
    text: str = field(repr=False)
    created_at: datetime
    mentions: tuple[str, ...] = ()
    """Names of the operators that it mentions."""


def read_thread(
    conversation_id: int, *, limit: int, after: Key | None = None
) -> Page[ThreadMessage]:
    """Return the messages of a conversation, newest first."""
    query = full_rows().where(Message.conversation == conversation_id)
    if after is not None:
        query = query.where(Message.id < after[0])
    rows = list(query.order_by(Message.id.desc()).limit(limit + 1))
    shown = rows[:limit]
    events_of = _events(row["mid"] for row in shown if row["mid"])
    items = _items(row["id"] for row in shown if row["role"] == Role.ASSISTANT)
    uploads = uploads_of_messages(row["id"] for row in shown if row["role"] == Role.ASSISTANT)
    lines = tuple(
        replace(
            _line(row, events_of[row["mid"]], items.get(row["id"])), upload=uploads.get(row["id"])
        )
        for row in shown
    )
    return Page(lines, (shown[-1]["id"],) if len(rows) > limit else None)


def page_around(conversation_id: int, message_id: int, *, newer: int) -> Key | None:
    """Return where `read_thread` begins to show a message with up to `newer` that followed it.

    None begins with the latest message.
    """
    query = Message.select(Message.id).where(
        (Message.conversation == conversation_id) & (Message.id > message_id)
    )
    ids = [row_id for (row_id,) in read_rows(query.order_by(Message.id).limit(newer + 1))]
    return (ids[newer],) if len(ids) > newer else None


def notes_of(conversation_id: int) -> tuple[NoteRecord, ...]:
    """Return the latest notes on a conversation, oldest first."""
    return _notes(Note.conversation == conversation_id)


def find_note(conversation_id: int, note_id: int) -> NoteRecord | None:
    """Return a note on a conversation, or None if there is none with this id."""
    is_it = (Note.conversation == conversation_id) & (Note.id == note_id)
    return next(iter(_notes(is_it)), None)


def _notes(condition: Any) -> tuple[NoteRecord, ...]:
    query = Note.select(Note.id, Note.author, Note.text, Note.created_at).where(condition)
    rows = list(read_dicts(query.order_by(Note.id.desc()).limit(_NOTES_SHOWN)))
    mentions = mentioned_in([row["id"] for row in rows])
    return tuple(NoteRecord(**row, mentions=mentions.get(row["id"], ())) for row in reversed(rows))


def read_at(conversation_id: int) -> datetime | None:
    """Return when an answering operator last read the conversation; None if never."""
    query = Conversation.select(Conversation.read_at)
    row = query.where(Conversation.id == conversation_id).dicts().first()
    return None if row is None else row["read_at"]


def earlier_conversation(conversation_id: int) -> int | None:
    """Return the id of the same contact's previous conversation, or None."""
    this = Conversation.select(Conversation.contact).where(Conversation.id == conversation_id)
    query = Conversation.select(Conversation.id).where(
        (Conversation.contact == this) & (Conversation.id < conversation_id)
    )
    row = query.order_by(Conversation.id.desc()).tuples().first()
    return None if row is None else int(row[0])


def _events(mids: Iterable[str]) -> Mapping[str | None, tuple[ConversationEvent, ...]]:
    found: dict[str | None, tuple[ConversationEvent, ...]] = defaultdict(tuple)
    query = Event.select(Event.mid, Event.kind, Event.at, Event.detail).where(
        Event.mid << list(mids)
    )
    for row in read_dicts(query.order_by(Event.id).limit(_EVENTS_SHOWN)):
        event = ConversationEvent(kind=row["kind"], at=row["at"], detail=json.loads(row["detail"]))
        found[row["mid"]] = (*found[row["mid"]], event)
    return found


class _Item(NamedTuple):
    id: int
    status: str
    scheduled_for: datetime


def _items(message_ids: Iterable[int]) -> dict[int, _Item]:
    columns = (QueueItem.message, QueueItem.id, QueueItem.status, QueueItem.scheduled_for)
    rows = read_rows(QueueItem.select(*columns).where(QueueItem.message << list(message_ids)))
    return {message_id: _Item(*item) for message_id, *item in rows}


def _line(
    row: dict[str, Any], events: tuple[ConversationEvent, ...], item: _Item | None
) -> ThreadMessage:
    is_reply = row["role"] == Role.ASSISTANT
    return ThreadMessage(
        message=record_of(row),
        received=None if is_reply else read_received(row["content"]),
        said=read_content(row["text"], row["content"]) if is_reply else None,
        deleted_at=row["deleted_at"],
        comment_id=row["comment_id"],
        scheduled_for=None if item is None else item.scheduled_for,
        held_item_id=item.id if item is not None and item.status == ItemStatus.HELD else None,
        events=events,
    )
