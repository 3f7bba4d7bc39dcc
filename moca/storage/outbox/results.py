from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from peewee import EXCLUDED

from moca.core.feed import FeedEvent, FeedKind
from moca.core.instants import in_text
from moca.core.messages.delivery import (
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyFailed,
    ReplyUnknown,
)
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.account_rests import RestingAccount
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.conversations.needs_reply import ask_for_reply
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import AccountRest, Message, QueueItem
from moca.storage.handlers import handles
from moca.storage.inbound.unsends import UNSENT_BECAUSE
from moca.storage.messages.outcomes import (
    Conclusion,
    inputs_of,
    outcome_event,
    write_conclusions,
)
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import OutboxItem, hold_items_by_id, with_other_parts
from moca.storage.outbox.mid_conflicts import free_mids
from moca.storage.outbox.sent import ArrivedReply, SentReplies, write_arrived
from moca.storage.outbox.unsent_inputs import unwanted_among
from moca.storage.unit_of_work import Batch

_RESTING = Prepared(
    AccountRest,
    lambda at: (
        AccountRest.select(
            AccountRest.account_id, AccountRest.rests_until, AccountRest.problem != ""
        )
        .where(AccountRest.rests_until > at)
        .order_by(AccountRest.account_id)
    ),
)


class StoredRest(NamedTuple):
    """Until when an account rests, and why if an operator has to act."""

    until: datetime
    problem: str = ""


def rest_accounts(rests: Mapping[str, StoredRest]) -> None:
    """Store until when accounts rest. A longer rest stays in force."""
    for account_id, (until, problem) in sorted(rests.items()):
        row = AccountRest.insert(
            account_id=account_id, rests_until=until, problem=storable(problem)
        )
        row.on_conflict(
            conflict_target=[AccountRest.account_id],
            preserve=[AccountRest.rests_until, AccountRest.problem],
            where=AccountRest.rests_until < EXCLUDED.rests_until,
        ).execute()


def resting_accounts(at: datetime) -> tuple[RestingAccount, ...]:
    """Return the accounts that rest at an instant."""
    return tuple(
        RestingAccount(account_id, until, bool(is_stopped))
        for account_id, until, is_stopped in _RESTING.rows(at)
    )


def end_stop(account_id: str) -> None:
    """End the rest of an account that an operator has fixed, but none that Instagram asked for."""
    is_stop = (AccountRest.account_id == account_id) & (AccountRest.problem != "")
    AccountRest.delete().where(is_stop).execute()


_FINAL = Update(QueueItem, QueueItem.is_final)
_UNCONFIRMED = Update(QueueItem, QueueItem.unconfirmed_since, where='"unconfirmed_since" IS NULL')
_NOT_SENT = "\"status\" <> 'sent'"
_ENDED = Update(QueueItem, QueueItem.status, QueueItem.because, where=_NOT_SENT)
_MESSAGES = Update(Message, Message.status, Message.because, where=_NOT_SENT)
_AGAIN = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.because,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.sending_at,
    where=_NOT_SENT,
)

R = TypeVar("R", RecordFailed, RecordUnknown, RecordRetry)

_UNDER_WAY = (ItemStatus.SENDING, ItemStatus.UNKNOWN)
_MAY_FAIL = (ItemStatus.PENDING, *_UNDER_WAY)


@handles(RecordSent)
def record_sent(batch: Batch, commands: Sequence[RecordSent]) -> None:
    """Record that replies arrived. Repeated reports of one reply are recorded once."""
    items = hold_items_by_id(command.item_id for command in commands)
    arrived = [
        ArrivedReply(items[command.item_id], command.mid, command.at, command.because)
        for command in commands
        if command.item_id in items
    ]
    write_arrived(batch, free_mids(batch, arrived))


@handles(RecordFailed)
def record_failed(batch: Batch, commands: Sequence[RecordFailed]) -> None:
    """Record that replies will never arrive, and conclude their inputs as failed."""
    chosen = _chosen(commands, _MAY_FAIL)
    _write_status(ItemStatus.FAILED, chosen)
    inputs = inputs_of(item.message_id for item, _ in chosen)
    conclusions = []
    for item, command in chosen:
        batch.note(item.message_id, command.at, Stage.SENDING, "failed", command.because)
        batch.publish(outcome_event(item.message_id, Outcome.FAILED, command.because, command.at))
        batch.tell(ReplyFailed(item.contact, item.id, command.because))
        if not item.is_by_bot:
            ask_for_reply([item.conversation_id], command.at)
        conclusions += [
            Conclusion(each, Outcome.FAILED, command.because, command.at)
            for each in inputs[item.message_id]
        ]
    write_conclusions(batch, conclusions)
    for item, command in chosen:
        later = [each for each in with_other_parts([item]) if each.id > item.id]
        because = f"an earlier part failed: {command.because}"
        cancel_items(batch, later, because, command.at, outcome=Outcome.FAILED)


@handles(RecordUnknown)
def record_unknown(batch: Batch, commands: Sequence[RecordUnknown]) -> None:
    """Record that replies may have arrived. The cooldown starts as if they had."""
    chosen = _chosen(commands, (ItemStatus.SENDING,))
    _write_status(ItemStatus.UNKNOWN, chosen)
    _FINAL.each((True, item.id) for item, command in chosen if not command.may_go_again)
    _UNCONFIRMED.each((item.sending_at, item.id) for item, _ in chosen)
    sent_replies = SentReplies(batch.policy_of)
    for item, command in chosen:
        sent_replies.add_possibly_delivered(item, command.at)
        batch.note(item.message_id, command.at, Stage.SETTLING, "unknown", command.because)
        batch.publish(FeedEvent(FeedKind.MESSAGE_UNCONFIRMED, command.at, item.message_id))
        batch.tell(ReplyUnknown(item.contact, item.id, command.at))
    sent_replies.write()


@handles(RecordRetry)
def record_retries(batch: Batch, commands: Sequence[RecordRetry]) -> None:
    """Record that replies did not arrive and wait for another attempt."""
    chosen = _chosen(commands, _UNDER_WAY)
    _AGAIN.each(
        (
            ItemStatus.PENDING,
            storable(command.because),
            command.retry_at if command.is_spent else min(item.scheduled_for, command.at),
            item.attempts - (not command.is_spent),
            item.sending_at if command.was_called or item.attempts > 1 else None,
            item.id,
        )
        for item, command in chosen
    )
    _MESSAGES.each(
        (MessageStatus.QUEUED, storable(command.because), item.message_id)
        for item, command in chosen
    )
    for item, command in chosen:
        batch.note(item.message_id, command.at, Stage.SENDING, "retry", _retry(command))
        if item.status == ItemStatus.UNKNOWN:
            # The conversation counted it as sent, and must wait for it again.
            reply = item.reply(scheduled_for=command.retry_at)
            batch.tell(ReplyQueued(item.contact, reply, ()))
    _cancel_unwanted(batch, chosen)
    _rest_accounts(commands)


def _cancel_unwanted(batch: Batch, chosen: Sequence[tuple[OutboxItem, RecordRetry]]) -> None:
    """Cancel the retries whose inputs were all unsent in the meantime."""
    instants = {item.id: command.at for item, command in chosen}
    for item in unwanted_among(item for item, _ in chosen):
        cancel_items(batch, [item], UNSENT_BECAUSE, instants[item.id])


def _retry(command: RecordRetry) -> str:
    if command.is_spent or command.needs_operator or command.retry_at <= command.at:
        return command.because
    return f"{command.because}; the account is rate limited until {in_text(command.retry_at)}"


def _rest_accounts(commands: Sequence[RecordRetry]) -> None:
    rests: dict[str, StoredRest] = {}
    for command in commands:
        if command.resting_account is not None:
            rest = StoredRest(command.retry_at, command.because if command.needs_operator else "")
            known = rests.get(command.resting_account, rest)
            rests[command.resting_account] = max(rest, known)
    rest_accounts(rests)


def _chosen(commands: Sequence[R], statuses: Sequence[str]) -> list[tuple[OutboxItem, R]]:
    """Pair each item in one of these states with its first command."""
    items = hold_items_by_id(command.item_id for command in commands)
    chosen = []
    for command in commands:
        item = items.pop(command.item_id, None)
        if item is not None and item.status in statuses:
            chosen.append((item, command))
    return chosen


def _write_status(
    status: ItemStatus, chosen: Sequence[tuple[OutboxItem, RecordFailed | RecordUnknown]]
) -> None:
    _ENDED.each((status, storable(command.because), item.id) for item, command in chosen)
    _MESSAGES.each(
        (MessageStatus(status), storable(command.because), item.message_id)
        for item, command in chosen
    )
