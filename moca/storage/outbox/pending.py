from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, Value

from moca.core.content.validation import MEDIA_TYPES
from moca.core.messages.conversation import FindUnanswered, UnansweredFound
from moca.core.messages.delivery import (
    FindPending,
    KnownMessagesListed,
    ListKnownMessages,
    PendingFound,
    RecentSend,
    UnsettledReply,
)
from moca.core.outbox.call_results import max_backoff
from moca.core.outbox.delivery import KnownMessages
from moca.core.outbox.queued_reply import ReplyKind
from moca.core.types import ContactKey, ItemStatus, Role
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import (
    IS_UNANSWERED,
    IS_UNSETTLED,
    Contact,
    Conversation,
    Message,
    QueueItem,
    is_contact,
)
from moca.storage.handlers import handles
from moca.storage.outbox.freeze import is_frozen
from moca.storage.outbox.held import release_due
from moca.storage.outbox.items import OutboxItem, select_items
from moca.storage.outbox.pending_channels import read_windows
from moca.storage.outbox.results import resting_accounts
from moca.storage.unit_of_work import Batch

_RECENT = timedelta(seconds=60)
_HOUR = timedelta(hours=1)
_LATEST = 1_000
_IS_RETRY = (
    (QueueItem.status == ItemStatus.PENDING)
    & (QueueItem.attempts > 0)
    & (QueueItem.scheduled_for > QueueItem.created_at)
)
_ANY_RETRY = Prepared(QueueItem, lambda: QueueItem.select(QueueItem.id).where(_IS_RETRY).limit(1))
_UNSETTLED = Prepared(QueueItem, lambda: select_items().where(IS_UNSETTLED).order_by(QueueItem.id))
_RECENT_SENDS = Prepared(
    QueueItem,
    lambda minute_ago, hour_ago: (
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
        .where(
            (QueueItem.sending_at > hour_ago)
            & ((QueueItem.sending_at > minute_ago) | Message.comment_id.is_null(is_null=False))
        )
        .order_by(QueueItem.sending_at, QueueItem.id)
    ),
)
_UNANSWERED = Prepared(
    Message,
    lambda after_message_id, limit: (
        Message.select(Message.id, Contact.account_id, Contact.psid)
        .join(Conversation)
        .join(Contact)
        .where(IS_UNANSWERED & (Message.id > after_message_id))
        .order_by(Message.id)
        .limit(limit)
    ),
)


@handles(FindPending)
def find_pending(batch: Batch, commands: Sequence[FindPending]) -> None:
    """Report each channel's first items, the unconfirmed sends and the recent sends."""
    for command in commands:
        if command.is_sweep:
            shorten_backoffs(command.at)
            release_due(batch, command.at)
        windows = read_windows(command)
        recent = _recent(command.at) if command.with_recent else None
        resting = resting_accounts(command.at)
        batch.tell(
            PendingFound(
                tuple(item.reply() for item in windows.items),
                _unsettled(),
                recent,
                resting,
                is_frozen(),
                windows.ends,
                windows.window,
                command.only,
            )
        )


@handles(FindUnanswered)
def find_unanswered(batch: Batch, commands: Sequence[FindUnanswered]) -> None:
    """Report the contacts with unanswered messages, oldest first, one page per command."""
    for command in commands:
        page = _UNANSWERED.rows(command.after_message_id, command.limit)
        rows = [(row_id, ContactKey(account_id, psid)) for row_id, account_id, psid in page]
        last = rows[-1][0] if len(rows) == command.limit and rows else None
        contacts: dict[ContactKey, int] = {}
        for row_id, contact in rows:
            contacts.setdefault(contact, row_id)
        batch.tell(UnansweredFound(contacts, last))


@handles(ListKnownMessages)
def list_known_messages(batch: Batch, commands: Sequence[ListKnownMessages]) -> None:
    """Report what is stored of the threads of replies."""
    for command in commands:
        known = known_messages(command.reply.contact, command.reply.message_id)
        batch.tell(KnownMessagesListed(command.reply, command.since, known))


def known_messages(contact: ContactKey, reply_id: int) -> KnownMessages:
    """Return what is stored of a contact's thread; `reply_id` is the message of a reply.

    The order of rows tells what came before, not their times: the clock may have been set.
    """
    query = Message.select(Message.id, Message.mid, Message.role).where(
        (Message.id << _latest(contact)) & Message.mid.is_null(is_null=False)
    )
    stored = list(read_rows(query))
    before = ((row, mid) for row, mid, role in stored if row < reply_id and role == Role.USER)
    _, last_before_mid = max(before, default=(0, None))
    return KnownMessages(frozenset(mid for _, mid, _ in stored), last_before_mid)


def _latest(contact: ContactKey) -> Any:
    # By the index alone: years of messages are not scanned for the last minutes.
    latest = Message.alias()
    query = latest.select(latest.id).join(Conversation).join(Contact).where(is_contact(contact))
    return query.order_by(latest.id.desc()).limit(_LATEST)


def _unsettled() -> tuple[UnsettledReply, ...]:
    return tuple(
        UnsettledReply(
            item.reply(),
            item.sending_at,
            attempt_ended=item.status == ItemStatus.UNKNOWN,
            may_go_again=not item.is_final,
        )
        for item in _items(_UNSETTLED.rows())
        if item.sending_at is not None
    )


def _recent(at: datetime) -> tuple[RecentSend, ...]:
    sends = _RECENT_SENDS.rows(at - _RECENT, at - _HOUR)
    return tuple(
        RecentSend(ContactKey(account_id, psid), started_at, ended_at, _kind(type_, comment_id))
        for account_id, psid, started_at, ended_at, type_, comment_id in sends
    )


def _items(rows: list[list[Any]]) -> list[OutboxItem]:
    return [OutboxItem._make(row) for row in rows]


def _kind(message_type: str, comment_id: str | None) -> ReplyKind:
    if comment_id is not None:
        return ReplyKind.PRIVATE_REPLY
    return ReplyKind.MEDIA if message_type in MEDIA_TYPES else ReplyKind.TEXT


_GROWS_UNTIL = 9


def shorten_backoffs(now: datetime) -> None:
    """Cut the wait of each retry to its backoff from now; a clock set back makes waits too long."""
    if not _ANY_RETRY.rows():
        return
    ends = [(QueueItem.attempts == n, _end(now, n)) for n in range(1, _GROWS_UNTIL)]
    latest = Case(None, ends, _end(now, _GROWS_UNTIL))
    is_too_late = _IS_RETRY & (QueueItem.scheduled_for > latest)
    QueueItem.update(scheduled_for=latest).where(is_too_late).execute()


def _end(now: datetime, attempts: int) -> Value:
    stored = QueueItem.scheduled_for.db_value(now + max_backoff(attempts))
    return Value(stored, converter=False)
