from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import SQL

from moca.core.types import Author, ConversationStatus, MessageStatus
from moca.storage.content_codec import REACTION
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.conversations import comes_after, has_status, key_of, record_of
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import ConversationRecord

LOOKED_AT = 5_000
"""So many conversations does one page look at; where they hold too few, the next page goes on."""

_LATEST_FIRST = (Conversation.last_activity_at.desc(), Conversation.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conversations an inbox shows; None where it does not matter."""

    status: ConversationStatus | None = None
    account_id: str | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSaid:
    """The latest message of a conversation."""

    author: Author
    type: str
    text: str = field(repr=False)
    status: MessageStatus
    at: datetime
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A conversation as the inbox lists it."""

    conversation: ConversationRecord
    status: ConversationStatus
    """A hold that ran out is none."""
    is_unread: bool
    last: LastSaid | None


def list_inbox(
    wanted: Wanted, at: datetime, *, limit: int, after: Key | None = None
) -> Page[InboxRow]:
    """List conversations, the latest activity first, out of at most `LOOKED_AT`.

    A page may be short, or empty, and still have a next one.
    """
    base = _indexed(wanted.status)
    if after is not None:
        base = base.where(comes_after(*after))
    edge = list(base.order_by(*_LATEST_FIRST).offset(LOOKED_AT - 1).limit(2))
    end = key_of(record_of(edge[0])) if len(edge) > 1 else None
    query = base.where(_meets(wanted, at))
    if end is not None:
        query = query.where(~comes_after(*end))
    rows = list(query.order_by(*_LATEST_FIRST).limit(limit + 1))
    shown = [record_of(row) for row in rows[:limit]]
    said = _last_said([each.id for each in shown])
    read = {row["id"]: row["read_at"] for row in rows}
    items = tuple(_row(each, read[each.id], said.get(each.id), at) for each in shown)
    return Page(items, key_of(shown[-1]) if len(rows) > limit else end)


def count_waiting(at: datetime, *, most: int = 100) -> int:
    """Count the conversations that wait for a person, up to so many."""
    human = _indexed(ConversationStatus.HUMAN).where(_is_held(at)).limit(most)
    return len(list(human))


def _indexed(status: ConversationStatus | None) -> Any:
    query: Any = (
        Conversation.select(Conversation, Contact.account_id, Contact.psid, Contact.name)
        .join(Contact)
        .dicts()
    )
    if status in (None, ConversationStatus.OPEN):
        return query
    return query.where(has_status(status))


def _meets(wanted: Wanted, at: datetime) -> Any:
    met: Any = SQL("1 = 1")
    if wanted.status is ConversationStatus.OPEN:
        met &= (Conversation.status == ConversationStatus.OPEN) | ~_is_held(at)
    elif wanted.status not in (None, ConversationStatus.CLOSED):
        met &= _is_held(at)
    if wanted.account_id is not None:
        met &= Contact.account_id == wanted.account_id
    if wanted.unread:
        met &= Conversation.last_user_message_at.is_null(is_null=False) & (
            Conversation.read_at.is_null()
            | (Conversation.read_at < Conversation.last_user_message_at)
        )
    return met


def _is_held(at: datetime) -> Any:
    return Conversation.held_until.is_null() | (Conversation.held_until > at)


def _latest() -> Any:
    """Find the last words of conversations."""
    said = Message.alias()
    last = (
        said.select(said.id)
        .where((said.conversation == Conversation.id) & (said.kind != REACTION))
        .order_by(said.id.desc())
        .limit(1)
    )
    columns = (
        Message.conversation,
        Message.author,
        Message.type,
        Message.text,
        Message.status,
        Message.created_at,
        Message.deleted_at,
    )
    return Conversation.select(*columns).join(Message, on=(Message.id == last))


_LATEST = Selection(_latest, Conversation.id)


def _last_said(conversation_ids: Sequence[int]) -> dict[int, LastSaid]:
    return {
        conversation_id: LastSaid(
            author=Author(author),
            type=type_,
            text=text,
            status=MessageStatus(status),
            at=at,
            is_deleted=deleted_at is not None,
        )
        for conversation_id, author, type_, text, status, at, deleted_at in _LATEST.among(
            conversation_ids
        )
    }


def _row(
    each: ConversationRecord, read_at: datetime | None, last: LastSaid | None, at: datetime
) -> InboxRow:
    heard_at = each.last_user_message_at
    return InboxRow(
        conversation=each,
        status=each.status_at(at),
        is_unread=heard_at is not None and (read_at is None or read_at < heard_at),
        last=last,
    )
