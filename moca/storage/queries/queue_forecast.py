from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.accounts import token_problem
from moca.core.outbox.forecast import WaitingReply
from moca.core.reply_window import BOT_WINDOW, OPERATOR_WINDOW
from moca.core.types import Author, ContactKey
from moca.storage.db.fields import InstantField
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import (
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_HELD_REPLY,
    IS_PENDING,
    AccountRest,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.records import QueueItemRecord
from moca.storage.queries.team.account_scope import narrow


def first_waiting(limit: int, scope: AccountScope = ALL_ACCOUNTS) -> tuple[WaitingReply, ...]:
    """Return the first pending replies, in the order in which they may go."""
    query = _replies(QueueItem.scheduled_for).where(IS_PENDING)
    ordered = narrow(query, scope).order_by(QueueItem.priority, QueueItem.id)
    return tuple(map(_waiting, read_dicts(ordered.limit(limit))))


def first_delayed(limit: int, scope: AccountScope = ALL_ACCOUNTS) -> tuple[WaitingReply, ...]:
    """Return the first held replies that go by themselves, in the order of their times."""
    goes_by_itself = IS_HELD_REPLY & QueueItem.release_at.is_null(is_null=False)
    query = _replies(QueueItem.release_at).where(goes_by_itself)
    ordered = narrow(query, scope).order_by(QueueItem.release_at, QueueItem.id)
    return tuple(map(_waiting, read_dicts(ordered.limit(limit))))


def _replies(due_at: InstantField) -> Any:
    columns = (
        QueueItem.id,
        QueueItem.priority,
        due_at.alias("due_at"),
        Message.author,
        Message.comment_id,
        Contact.account_id,
        Contact.psid,
        Contact.window_opened_at,
    )
    return (
        QueueItem.select(*columns)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
    )


def rests_of_accounts(at: datetime) -> Mapping[str, datetime]:
    """Return the accounts that rest, and until when."""
    query = AccountRest.select(AccountRest.account_id, AccountRest.rests_until)
    return dict(read_rows(query.where(AccountRest.rests_until > at)))


def account_problems(at: datetime) -> Mapping[str, str]:
    """Return why accounts cannot send until an operator acts, by account id."""
    query = AccountRest.select(AccountRest.account_id, AccountRest.problem)
    stopped = query.where((AccountRest.rests_until > at) & (AccountRest.problem != ""))
    tokens = (each.token for each in list_accounts())
    dead = {each.account_id: token_problem(each, at) for each in tokens}
    return dict(read_rows(stopped)) | {name: problem for name, problem in dead.items() if problem}


def _waiting(row: dict[str, Any]) -> WaitingReply:
    is_automatic = row["author"] == Author.BOT and row["comment_id"] is None
    window = BOT_WINDOW if is_automatic else OPERATOR_WINDOW
    opened_at = row["window_opened_at"]
    return WaitingReply(
        item_id=row["id"],
        contact=ContactKey(row["account_id"], row["psid"]),
        priority=row["priority"],
        due_at=row["due_at"],
        window_ends_at=None if opened_at is None else opened_at + window,
    )


COUNTED = 10_000
"""Positions further back are only reported as this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePosition:
    """A reply's position among those that may go."""

    ahead: int
    """At most `COUNTED`."""
    rests_until: datetime | None
    """Until when the account rests; None if it does not."""
    account_problem: str = ""
    """Why the account cannot send until an operator acts; empty if it can."""


def place_of(
    item: QueueItemRecord, at: datetime, scope: AccountScope = ALL_ACCOUNTS
) -> QueuePosition:
    """Return a pending reply's position in the queue at an instant, among those in scope."""
    goes_first = (QueueItem.priority < item.priority) | (
        (QueueItem.priority == item.priority) & (QueueItem.id < item.id)
    )
    at_once = _count(IS_FOR_AT_ONCE & goes_first, scope)
    later = _count(IS_FOR_LATER & (QueueItem.scheduled_for <= at) & goes_first, scope)
    rest = AccountRest.select(AccountRest.rests_until).where(
        AccountRest.account_id == item.contact.account_id
    )
    row = rest.dicts().first()
    rests_until = None if row is None or row["rests_until"] <= at else row["rests_until"]
    return QueuePosition(
        ahead=min(at_once + later, COUNTED),
        rests_until=rests_until,
        account_problem=account_problems(at).get(item.contact.account_id, ""),
    )


def _count(which: Any, scope: AccountScope) -> int:
    query = QueueItem.select(QueueItem.id).where(which)
    if scope.is_limited:
        query = narrow(query.join(Message), scope, Message.account_id)
    return len(list(read_rows(query.limit(COUNTED))))
