from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.content.validation import fault_in
from moca.core.conversation.consent import OPTED_OUT
from moca.core.outbox.queued_reply import QueuedReply, ReplyAddress
from moca.core.reasons import because_held
from moca.core.types import (
    Author,
    ClosingMessage,
    ContactKey,
    ConversationStatus,
    ItemStatus,
    Priority,
    Role,
)
from moca.storage.content_codec import REACTION, read_content
from moca.storage.db.bulk import in_chunks
from moca.storage.db.statements import Selection
from moca.storage.db.tables import (
    IS_HELD_REPLY,
    IS_PENDING,
    Contact,
    Conversation,
    Message,
    QueueItem,
)


class OutboxItem(NamedTuple):
    """A queue item joined with the needed columns of its message, conversation and contact."""

    id: int
    message_id: int
    conversation_id: int
    priority: int
    status: str
    scheduled_for: datetime
    attempts: int
    sending_at: datetime | None
    sent_at: datetime | None
    account_id: str
    author: str
    kind: str
    type: str
    text: str
    stored_content: str | None
    mid: str | None
    part_of: int | None
    comment_id: str | None
    psid: str
    window_opened_at: datetime | None
    opted_out_at: datetime | None
    closing_message: str | None
    conversation_status: str
    held_until: datetime | None
    last_bot_message_at: datetime | None
    last_activity_at: datetime
    cooldown_until: datetime | None
    is_final: bool | None
    unconfirmed_since: datetime | None

    @property
    def contact(self) -> ContactKey:
        """The contact who receives it."""
        return ContactKey(self.account_id, self.psid)

    @property
    def is_by_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.author == Author.BOT

    def silenced_because(self, at: datetime) -> str | None:
        """Return why a hold or opt-out stops the item, or None if nothing does.

        The bot's handover message is exempt from the hold that starts with it, and the confirmation
        of an opt-out from that opt-out. Any later change removes the exemption.
        """
        if not self.is_by_bot:
            return None
        status = self.conversation_status
        hands_over = (
            self.closing_message == ClosingMessage.HAND_OVER and status == ConversationStatus.HUMAN
        )
        if is_held(status, self.held_until, at) and not hands_over:
            return because_held(status)
        if self.opted_out_at is not None and self.closing_message != ClosingMessage.OPT_OUT:
            return OPTED_OUT
        return None

    @property
    def is_reaction(self) -> bool:
        """Whether it only sets or removes a reaction."""
        return self.kind == REACTION

    def reply(self, **changes: Any) -> QueuedReply:
        """Return the item as a `QueuedReply`, with these columns changed."""
        seen = self._replace(**changes)
        return QueuedReply(
            item_id=seen.id,
            message_id=seen.message_id,
            conversation_id=seen.conversation_id,
            contact=seen.contact,
            content=read_content(seen.text, seen.stored_content),
            author=Author(seen.author),
            priority=Priority(seen.priority),
            scheduled_for=seen.scheduled_for,
            attempts=seen.attempts,
            way=ReplyAddress(comment_id=seen.comment_id),
            unconfirmed_since=seen.unconfirmed_since,
        )


_COLUMNS = (
    QueueItem.id,
    QueueItem.message,
    QueueItem.conversation,
    QueueItem.priority,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.sending_at,
    QueueItem.sent_at,
    Message.account_id,
    Message.author,
    Message.kind,
    Message.type,
    Message.text,
    Message.content,
    Message.mid,
    Message.part_of,
    Message.comment_id,
    Contact.psid,
    Contact.window_opened_at,
    Contact.opted_out_at,
    QueueItem.closing_message,
    Conversation.status,
    Conversation.held_until,
    Conversation.last_bot_message_at,
    Conversation.last_activity_at,
    Conversation.cooldown_until,
    QueueItem.is_final,
    QueueItem.unconfirmed_since,
)


def select_items() -> Any:
    """Return a query for items, to be passed to `read_items`."""
    return (
        QueueItem.select(*_COLUMNS)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .tuples()
    )


_BY_ID = Selection(
    lambda: select_items().order_by(QueueItem.id), QueueItem.id, hold=(QueueItem, Conversation)
)


def read_items(query: Any) -> list[OutboxItem]:
    """Execute a query for items."""
    return [OutboxItem._make(row) for row in query]


def hold_items(condition: Any) -> list[OutboxItem]:
    """Read items in the order of queueing, and lock them against other writers until the commit."""
    query = select_items().where(condition).order_by(QueueItem.id)
    if QueueItem._meta.database.for_update:  # noqa: SLF001
        query = query.for_update(of=(QueueItem, Conversation))
    return read_items(query)


def hold_items_by_id(item_ids: Iterable[int]) -> dict[int, OutboxItem]:
    """Read and lock these items by id. Items that do not exist are left out."""
    return {item.id: item for item in map(OutboxItem._make, _BY_ID.among(sorted(set(item_ids))))}


def is_held(status: str, held_until: datetime | None, at: datetime) -> bool:
    """Return whether the bot may not answer at this instant."""
    if status == ConversationStatus.OPEN:
        return False
    return status == ConversationStatus.CLOSED or held_until is None or at < held_until


def fault_in_text(item: OutboxItem, text: str) -> str | None:
    """Return why an item may not have this text, or None if it may."""
    if not item.text:
        return "the reply has no text to edit"
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        return f"text: must not be longer than {MAX_MESSAGE_BYTES} bytes of UTF-8"
    return fault_in(replace(item.reply().content, text=text))


_ENDED = (ItemStatus.FAILED.value, ItemStatus.CANCELLED.value)


def with_other_parts(items: Sequence[OutboxItem]) -> list[OutboxItem]:
    """Return the items with the other held or pending parts of their replies, in queueing order."""
    replies = {item.part_of for item in items if item.part_of is not None}
    unsent = IS_HELD_REPLY | IS_PENDING
    others = [item for chunk in in_chunks(sorted(replies)) for item in _parts(chunk, unsent)]
    found = {item.id: item for item in (*items, *others)}
    return [found[item_id] for item_id in sorted(found)]


def all_parts(items: Sequence[OutboxItem]) -> list[OutboxItem]:
    """Return the items with all other parts of the same replies, in the order of queueing."""
    replies = {item.part_of for item in items if item.part_of is not None}
    found = {item.id: item for item in items}
    found |= {item.id: item for item in hold_items(Message.part_of << sorted(replies))}
    return [found[item_id] for item_id in sorted(found)]


def later_parts_ended(item: OutboxItem) -> list[OutboxItem]:
    """Return the later parts of the same reply that failed or were cancelled, in order."""
    if item.part_of is None:
        return []
    return _parts([item.part_of], (QueueItem.status << _ENDED) & (QueueItem.id > item.id))


def earlier_parts(items: Iterable[OutboxItem]) -> dict[int, list[str]]:
    """Return the statuses of the unsent parts before each of these parts, by item id."""
    parts = [item for item in items if item.part_of is not None]
    not_sent = QueueItem.status != ItemStatus.SENT.value
    unsent = [
        other
        for chunk in in_chunks(sorted({item.part_of for item in parts if item.part_of}))
        for other in _parts(chunk, not_sent)
    ]
    return {
        item.id: [
            other.status for other in unsent if other.part_of == item.part_of and other.id < item.id
        ]
        for item in parts
    }


def _parts(replies: Sequence[int], condition: Any) -> list[OutboxItem]:
    return hold_items((Message.part_of << replies) & condition)


def has_private_reply(comment_id: str, account_id: str) -> bool:
    """Return whether a comment has a private reply, sent or queued. Instagram allows one."""
    query = Message.select().where(
        (Message.comment_id == comment_id)
        & (Message.account_id == account_id)
        & (Message.role == Role.ASSISTANT.value)
    )
    return bool(query.exists())
