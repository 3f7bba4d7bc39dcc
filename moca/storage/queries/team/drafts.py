from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.reply_window import BOT_WINDOW, OPERATOR_WINDOW
from moca.core.types import Author, MessageStatus, Role, Stage
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import (
    IS_HELD_REPLY,
    Contact,
    Conversation,
    JourneyStep,
    Message,
    QueueItem,
)
from moca.storage.queries.messages import full_rows, record_of
from moca.storage.queries.records import ContactName, MessageRecord
from moca.storage.queries.team.account_scope import narrow

_LISTED = 500
_NEVER_SENT = (MessageStatus.HELD.value, MessageStatus.CANCELLED.value)
_WORDS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPart:
    """A message of a held reply, with its queue item."""

    item_id: int
    message: MessageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRecord:
    """A held reply with what it answers, and why it reads as it does."""

    parts: tuple[DraftPart, ...]
    inputs: tuple[MessageRecord, ...]
    """Of a teammate's draft: what the contact wrote since the account's last message."""
    because: str
    """Who made it and why, as its journey says; empty if it does not."""
    release_at: datetime | None
    window_ends_at: datetime | None

    @property
    def item_id(self) -> int:
        """Return the queue item that names the whole reply."""
        return self.parts[0].item_id

    @property
    def message(self) -> MessageRecord:
        """Return the first message of the reply."""
        return self.parts[0].message

    @property
    def contact(self) -> ContactName:
        """Return who receives it."""
        return self.message.contact


def count_drafts(scope: AccountScope = ALL_ACCOUNTS) -> int:
    """Return how many replies are held; one in parts counts once."""
    return int(narrow(_drafts(), scope).count())


def list_drafts(scope: AccountScope = ALL_ACCOUNTS) -> Sequence[int]:
    """Return the held replies' first queue items, those whose reply window ends first in front."""
    ordered = narrow(_drafts(), scope).order_by(Contact.window_opened_at, QueueItem.id)
    return [item_id for (item_id,) in read_rows(ordered.limit(_LISTED))]


def read_draft(
    item_id: int, scope: AccountScope = ALL_ACCOUNTS, *, of_any: bool = False
) -> DraftRecord | None:
    """Return the held reply of which this queue item is a part.

    None if it is not held; with `of_any`, only if there is no such reply.
    """
    query = (
        QueueItem.select(QueueItem.message, Message.part_of)
        .join(Message, on=QueueItem.message == Message.id)
        .where(QueueItem.id == item_id)
    )
    if not of_any:
        query = query.where(IS_HELD_REPLY)
    for message_id, part_of in read_rows(narrow(query, scope, Message.account_id)):
        return _read(part_of or message_id)
    return None


def _drafts() -> Any:
    first = Message.part_of.is_null() | (Message.part_of == Message.id)
    return (
        QueueItem.select(QueueItem.id)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .where(IS_HELD_REPLY & first)
    )


def _read(first_id: int) -> DraftRecord:
    own = (Message.id == first_id) | (Message.part_of == first_id)
    messages = [record_of(row) for row in full_rows().where(own).order_by(Message.id)]
    ids = [each.id for each in messages]
    columns = (QueueItem.message, QueueItem.id, QueueItem.release_at)
    items = {
        message_id: (item_id, release_at)
        for message_id, item_id, release_at in read_rows(
            QueueItem.select(*columns).where(QueueItem.message << ids)
        )
    }
    is_by_bot = messages[0].author is Author.BOT
    inputs = _answered(ids) if is_by_bot else _latest_words(int(messages[0].conversation_id))
    window = BOT_WINDOW if is_by_bot else OPERATOR_WINDOW
    return DraftRecord(
        parts=tuple(DraftPart(item_id=items[m.id][0], message=m) for m in messages),
        inputs=inputs,
        because=_because(inputs[0].id) if inputs and is_by_bot else "",
        release_at=items[first_id][1],
        window_ends_at=_window_ends_at(messages[0].conversation_id, window),
    )


def _answered(ids: Sequence[int]) -> tuple[MessageRecord, ...]:
    answered = full_rows().where(Message.reply << ids).order_by(Message.id)
    return tuple(record_of(row) for row in answered)


def _latest_words(conversation_id: int) -> tuple[MessageRecord, ...]:
    own = Message.conversation == conversation_id
    sent = own & (Message.role == Role.ASSISTANT.value) & Message.status.not_in(_NEVER_SENT)
    last_id = Message.select(fn.COALESCE(fn.MAX(Message.id), 0)).where(sent).scalar()
    since = own & (Message.role == Role.USER.value) & (Message.id > last_id)
    latest = full_rows().where(since).order_by(Message.id.desc()).limit(_WORDS_SHOWN)
    return tuple(record_of(row) for row in latest)[::-1]


def _because(message_id: int) -> str:
    own = (JourneyStep.message == message_id) & (JourneyStep.stage == Stage.GENERATION.value)
    made = own & (JourneyStep.outcome == "generated")
    steps = JourneyStep.select(JourneyStep.detail).where(made).order_by(JourneyStep.id.desc())
    return next((detail for (detail,) in read_rows(steps.limit(1))), "")


def _window_ends_at(conversation_id: int, window: timedelta) -> datetime | None:
    query = Conversation.select(Contact.window_opened_at).join(Contact)
    opened = read_rows(query.where(Conversation.id == conversation_id))
    return next((at + window for (at,) in opened if at is not None), None)
