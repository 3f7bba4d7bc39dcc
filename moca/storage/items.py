from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.contact import ContactKey
from moca.core.reply import QueuedReply
from moca.core.vocabulary import Author, ConversationStatus, Priority
from moca.storage.chunks import in_chunks
from moca.storage.models import Contact, Conversation, Message, QueueItem


class Item(NamedTuple):
    """A queue item with what must be known of its message, conversation and contact."""

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
    text: str
    mid: str | None
    psid: str
    window_opened_at: datetime | None
    conversation_status: str
    held_until: datetime | None
    last_bot_message_at: datetime | None
    last_activity_at: datetime
    cooldown_until: datetime | None

    @property
    def contact(self) -> ContactKey:
        """Whom it goes to."""
        return ContactKey(self.account_id, self.psid)

    @property
    def is_by_bot(self) -> bool:
        """Whether no person wrote it."""
        return self.author == Author.BOT

    def reply(self, **changes: Any) -> QueuedReply:
        """See it as the sender does."""
        seen = self._replace(**changes)
        return QueuedReply(
            item_id=seen.id,
            message_id=seen.message_id,
            conversation_id=seen.conversation_id,
            contact=seen.contact,
            text=seen.text,
            author=Author(seen.author),
            priority=Priority(seen.priority),
            scheduled_for=seen.scheduled_for,
            attempts=seen.attempts,
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
    Message.text,
    Message.mid,
    Contact.psid,
    Contact.window_opened_at,
    Conversation.status,
    Conversation.held_until,
    Conversation.last_bot_message_at,
    Conversation.last_activity_at,
    Conversation.cooldown_until,
)


def select_items() -> Any:
    """Start a query for items; pass it to `read_items`."""
    return (
        QueueItem.select(*_COLUMNS)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .tuples()
    )


def read_items(query: Any) -> list[Item]:
    """Run a query for items."""
    return [Item._make(row) for row in query]


def hold_items(condition: Any) -> list[Item]:
    """Read items in the order of queueing, and keep other writers from them until the commit."""
    query = select_items().where(condition).order_by(QueueItem.id)
    if QueueItem._meta.database.for_update:  # noqa: SLF001
        query = query.for_update(of=(QueueItem, Conversation))
    return read_items(query)


def hold_items_by_id(item_ids: Iterable[int]) -> dict[int, Item]:
    """Read these items for a change; those that do not exist are left out."""
    chunks = in_chunks(sorted(set(item_ids)))
    return {item.id: item for chunk in chunks for item in hold_items(QueueItem.id << chunk)}


def is_held(status: str, held_until: datetime | None, at: datetime) -> bool:
    """Tell whether the bot may not answer at this instant."""
    if status == ConversationStatus.OPEN:
        return False
    return status == ConversationStatus.CLOSED or held_until is None or at < held_until


_HELD_BECAUSE = {
    ConversationStatus.PAUSED: "the conversation is paused",
    ConversationStatus.HUMAN: "a person has taken over the conversation",
    ConversationStatus.CLOSED: "the conversation is closed",
}


def held_because(status: str) -> str:
    """Say why the bot may not answer."""
    return _HELD_BECAUSE[ConversationStatus(status)]
