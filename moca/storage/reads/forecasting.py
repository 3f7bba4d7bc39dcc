from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from moca.core.contact import ContactKey
from moca.core.forecast import Waiting
from moca.core.vocabulary import Author
from moca.storage.models import (
    IS_PENDING,
    AccountRest,
    Contact,
    Conversation,
    Message,
    QueueItem,
)

_FOR_THE_BOT = timedelta(hours=24)
_FOR_PEOPLE = timedelta(days=7)


def first_waiting(limit: int) -> tuple[Waiting, ...]:
    """List the pending replies that go first, in the order in which they may."""
    columns = (
        QueueItem.id,
        QueueItem.priority,
        QueueItem.scheduled_for,
        Message.author,
        Message.comment_id,
        Contact.account_id,
        Contact.psid,
        Contact.window_opened_at,
    )
    query: Any = (
        QueueItem.select(*columns)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .where(IS_PENDING)
        .order_by(QueueItem.priority, QueueItem.id)
        .limit(limit)
    )
    return tuple(map(_waiting, query.dicts()))


def rests_of_accounts(at: datetime) -> Mapping[str, datetime]:
    """Tell until when Instagram asked accounts to wait."""
    query: Any = AccountRest.select(AccountRest.account_id, AccountRest.rests_until)
    return dict(query.where(AccountRest.rests_until > at).tuples())


def _waiting(row: dict[str, Any]) -> Waiting:
    is_automatic = row["author"] == Author.BOT and row["comment_id"] is None
    window = _FOR_THE_BOT if is_automatic else _FOR_PEOPLE
    opened_at = row["window_opened_at"]
    return Waiting(
        item_id=row["id"],
        contact=ContactKey(row["account_id"], row["psid"]),
        priority=row["priority"],
        due_at=row["scheduled_for"],
        window_ends_at=None if opened_at is None else opened_at + window,
    )
