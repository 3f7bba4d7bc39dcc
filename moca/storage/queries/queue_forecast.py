from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moca.core.outbox.forecast import Waiting
from moca.core.types import Author, ContactKey
from moca.storage.db.tables import (
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_PENDING,
    AccountRest,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.queries.records import QueueItemRecord

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


COUNTED = 10_000
"""Whoever stands further back is only told that so many are ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInLine:
    """Where a reply that may go stands among those that may go too."""

    ahead: int
    """At most `COUNTED`."""
    rests_until: datetime | None
    """Until when Instagram asked the account to wait."""


def place_of(item: QueueItemRecord, at: datetime) -> PlaceInLine:
    """Find a pending reply's place in line at an instant."""
    goes_first = (QueueItem.priority < item.priority) | (
        (QueueItem.priority == item.priority) & (QueueItem.id < item.id)
    )
    at_once = _count(IS_FOR_AT_ONCE & goes_first)
    later = _count(IS_FOR_LATER & (QueueItem.scheduled_for <= at) & goes_first)
    rest: Any = AccountRest.select(AccountRest.rests_until).where(
        AccountRest.account_id == item.contact.account_id
    )
    row = rest.dicts().first()
    rests_until = None if row is None or row["rests_until"] <= at else row["rests_until"]
    return PlaceInLine(ahead=min(at_once + later, COUNTED), rests_until=rests_until)


def _count(which: Any) -> int:
    query: Any = QueueItem.select(QueueItem.id).where(which).limit(COUNTED).tuples()
    return len(list(query))
