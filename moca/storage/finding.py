from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

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
from moca.core.vocabulary import ItemStatus
from moca.storage.batch import Batch
from moca.storage.items import read_items, select_items
from moca.storage.models import (
    IS_PENDING,
    IS_UNANSWERED,
    IS_UNSETTLED,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.resting import resting_accounts

_RECENT = timedelta(seconds=60)


def find_pending(batch: Batch, commands: Sequence[FindPending]) -> None:
    """Tell the queue's head, what is unsettled, and the sends of the last minute."""
    for command in commands:
        due = IS_PENDING & (QueueItem.scheduled_for <= command.due_before)
        query = select_items().where(due).order_by(QueueItem.priority, QueueItem.id)
        pending = read_items(query.limit(command.limit))
        replies = tuple(item.reply() for item in pending)
        recent = _recent(command.at - _RECENT)
        resting = resting_accounts(command.at)
        batch.tell(PendingFound(replies, _unsettled(), recent, resting))


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


def _unsettled() -> tuple[UnsettledReply, ...]:
    items = read_items(select_items().where(IS_UNSETTLED).order_by(QueueItem.id))
    return tuple(
        UnsettledReply(item.reply(), item.sending_at, item.status == ItemStatus.UNKNOWN)
        for item in items
        if item.sending_at is not None
    )


def _recent(since: datetime) -> tuple[RecentSend, ...]:
    query: Any = (
        QueueItem.select(Contact.account_id, Contact.psid, QueueItem.sending_at, QueueItem.sent_at)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact)
        .where(QueueItem.sending_at > since)
        .order_by(QueueItem.sending_at, QueueItem.id)
    )
    return tuple(
        RecentSend(ContactKey(account_id, psid), started_at, ended_at)
        for account_id, psid, started_at, ended_at in query.tuples()
    )
