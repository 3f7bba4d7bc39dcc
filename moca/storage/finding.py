from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from moca.core.channel import Kind
from moca.core.contact import ContactKey
from moca.core.messages import (
    FindPending,
    FindUnanswered,
    KnownMidsListed,
    ListKnownMids,
    PendingFound,
    RecentSend,
    UnansweredFound,
    UnsettledReply,
)
from moca.core.validity import MEDIA_TYPES
from moca.core.vocabulary import ItemStatus, Priority
from moca.storage.batch import Batch
from moca.storage.freezing import is_frozen
from moca.storage.items import Item, read_items, select_items
from moca.storage.models import (
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_UNANSWERED,
    IS_UNSETTLED,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.resting import resting_accounts

_RECENT = timedelta(seconds=60)
_HOUR = timedelta(hours=1)


def find_pending(batch: Batch, commands: Sequence[FindPending]) -> None:
    """Tell the queue's head, what is unsettled, and the sends of the last minute."""
    for command in commands:
        replies = tuple(item.reply() for item in _pending(command.limit, command.due_before))
        recent = _recent(command.at) if command.with_recent else ()
        resting = resting_accounts(command.at)
        batch.tell(PendingFound(replies, _unsettled(), recent, resting, is_frozen()))


def find_unanswered(batch: Batch, commands: Sequence[FindUnanswered]) -> None:
    """Tell whose messages nobody answers yet, oldest first, a page at a time."""
    query: Any = (
        Message.select(Message.id, Contact.account_id, Contact.psid)
        .join(Conversation)
        .join(Contact)
        .where(IS_UNANSWERED)
        .order_by(Message.id)
        .tuples()
    )
    for command in commands:
        page = query.where(Message.id > command.after_message_id).limit(command.limit)
        rows = [(row_id, ContactKey(account_id, psid)) for row_id, account_id, psid in page]
        last = rows[-1][0] if len(rows) == command.limit and rows else None
        batch.tell(UnansweredFound(tuple(dict.fromkeys(contact for _, contact in rows)), last))


def list_known_mids(batch: Batch, commands: Sequence[ListKnownMids]) -> None:
    """Tell which recent messages with a contact are accounted for, on either side."""
    for command in commands:
        account_id, psid = command.reply.contact
        since = command.since - _RECENT
        query: Any = (
            Message.select(Message.mid)
            .join(Conversation)
            .join(Contact)
            .where(
                (Contact.psid == psid)
                & (Contact.account_id == account_id)
                & Message.mid.is_null(is_null=False)
                & ((Message.created_at >= since) | (Message.sent_at >= since))
            )
        )
        mids = frozenset(mid for (mid,) in query.tuples())
        batch.tell(KnownMidsListed(command.reply, command.since, mids))


def _pending(limit: int, due_before: datetime) -> list[Item]:
    at_once = select_items().where(IS_FOR_AT_ONCE).order_by(QueueItem.priority, QueueItem.id)
    found = read_items(at_once.limit(limit))
    is_due = IS_FOR_LATER & (QueueItem.scheduled_for <= due_before)
    for priority in Priority:
        due = select_items().where(is_due & (QueueItem.priority == priority))
        found += read_items(due.order_by(QueueItem.scheduled_for, QueueItem.id).limit(limit))
    return sorted(found, key=lambda item: (item.priority, item.id))[:limit]


def _unsettled() -> tuple[UnsettledReply, ...]:
    items = read_items(select_items().where(IS_UNSETTLED).order_by(QueueItem.id))
    return tuple(
        UnsettledReply(item.reply(), item.sending_at, item.status == ItemStatus.UNKNOWN)
        for item in items
        if item.sending_at is not None
    )


def _recent(at: datetime) -> tuple[RecentSend, ...]:
    is_private = Message.comment_id.is_null(is_null=False)
    lately = QueueItem.sending_at > at - _RECENT
    query: Any = (
        QueueItem.select(
            Contact.account_id,
            Contact.psid,
            QueueItem.sending_at,
            QueueItem.sent_at,
            Message.type,
            Message.comment_id,
        )
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact)
        .where((QueueItem.sending_at > at - _HOUR) & (lately | is_private))
        .order_by(QueueItem.sending_at, QueueItem.id)
    )
    return tuple(
        RecentSend(ContactKey(account_id, psid), started_at, ended_at, _kind(type_, comment_id))
        for account_id, psid, started_at, ended_at, type_, comment_id in query.tuples()
    )


def _kind(message_type: str, comment_id: str | None) -> Kind:
    if comment_id is not None:
        return Kind.PRIVATE_REPLY
    return Kind.MEDIA if message_type in MEDIA_TYPES else Kind.TEXT
