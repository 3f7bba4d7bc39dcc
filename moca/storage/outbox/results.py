from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from peewee import EXCLUDED

from moca.core.messages.delivery import (
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyFailed,
    ReplyUnknown,
    RestingAccount,
)
from moca.core.messages.replies import ReplyQueued
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import AccountRest, Message, QueueItem
from moca.storage.inbound.unsends import UNSENT_BECAUSE
from moca.storage.messages.outcomes import Conclusion, inputs_of, write_conclusions
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import Item, hold_items_by_id, with_other_parts
from moca.storage.outbox.mid_conflicts import free_mids
from moca.storage.outbox.sent import Arrived, Spoken, write_arrived
from moca.storage.outbox.unsent_inputs import unwanted_among
from moca.storage.unit_of_work import Batch

_RESTING = Prepared(
    AccountRest,
    lambda at: (
        AccountRest.select(AccountRest.account_id, AccountRest.rests_until)
        .where(AccountRest.rests_until > at)
        .order_by(AccountRest.account_id)
    ),
)


def rest_accounts(rests: Mapping[str, datetime]) -> None:
    """Write until when accounts rest; no rest is cut short."""
    for account_id, until in sorted(rests.items()):
        row: Any = AccountRest.insert(account_id=account_id, rests_until=until)
        row.on_conflict(
            conflict_target=[AccountRest.account_id],
            preserve=[AccountRest.rests_until],
            where=AccountRest.rests_until < EXCLUDED.rests_until,
        ).execute()


def resting_accounts(at: datetime) -> tuple[RestingAccount, ...]:
    """Tell which accounts rest at an instant."""
    return tuple(RestingAccount(*row) for row in _RESTING.rows(at))


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


def record_sent(batch: Batch, commands: Sequence[RecordSent]) -> None:
    """Write that replies arrived; each is written once, however often it is told."""
    items = hold_items_by_id(command.item_id for command in commands)
    arrived = [
        Arrived(items[command.item_id], command.mid, command.at, command.because)
        for command in commands
        if command.item_id in items
    ]
    write_arrived(batch, free_mids(batch, arrived))


def record_failed(batch: Batch, commands: Sequence[RecordFailed]) -> None:
    """Write that replies never will arrive, and end with them what they were to answer."""
    chosen = _chosen(commands, _MAY_FAIL)
    _write_status(ItemStatus.FAILED, chosen)
    inputs = inputs_of(item.message_id for item, _ in chosen)
    conclusions = []
    for item, command in chosen:
        batch.note(item.message_id, command.at, Stage.SENDING, "failed", command.because)
        batch.tell(ReplyFailed(item.contact, item.id, command.because))
        conclusions += [
            Conclusion(each, Outcome.FAILED, command.because, command.at)
            for each in inputs[item.message_id]
        ]
    write_conclusions(batch, conclusions)
    for item, command in chosen:
        later = [each for each in with_other_parts([item]) if each.id > item.id]
        because = f"an earlier part failed: {command.because}"
        cancel_items(batch, later, because, command.at, outcome=Outcome.FAILED)


def record_unknown(batch: Batch, commands: Sequence[RecordUnknown]) -> None:
    """Write that replies under way may have arrived; the cooldown runs as if they had."""
    chosen = _chosen(commands, (ItemStatus.SENDING,))
    _write_status(ItemStatus.UNKNOWN, chosen)
    _FINAL.each((True, item.id) for item, command in chosen if not command.may_go_again)
    _UNCONFIRMED.each((item.sending_at, item.id) for item, _ in chosen)
    spoken = Spoken(batch.policy.cooldown)
    for item, command in chosen:
        spoken.perhaps(item, command.at)
        batch.note(item.message_id, command.at, Stage.SETTLING, "unknown", command.because)
        batch.tell(ReplyUnknown(item.contact, item.id, command.at))
    spoken.write()


def record_retries(batch: Batch, commands: Sequence[RecordRetry]) -> None:
    """Write that replies did not arrive and wait in the queue for another attempt."""
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
            # Its conversation took it for said, and must wait for it again.
            reply = item.reply(scheduled_for=command.retry_at)
            batch.tell(ReplyQueued(item.contact, reply, ()))
    _cancel_unwanted(batch, chosen)
    _rest_accounts(commands)


def _cancel_unwanted(batch: Batch, chosen: Sequence[tuple[Item, RecordRetry]]) -> None:
    """Let go of what answers messages that were unsent while it was under way."""
    instants = {item.id: command.at for item, command in chosen}
    for item in unwanted_among(item for item, _ in chosen):
        cancel_items(batch, [item], UNSENT_BECAUSE, instants[item.id])


def _retry(command: RecordRetry) -> str:
    if command.is_spent or command.retry_at <= command.at:
        return command.because
    return f"{command.because}; the account rests until {command.retry_at:%H:%M:%S}"


def _rest_accounts(commands: Sequence[RecordRetry]) -> None:
    refused = [each for each in commands if not each.is_spent and each.retry_at > each.at]
    items = hold_items_by_id(command.item_id for command in refused)
    rests: dict[str, datetime] = {}
    for command in refused:
        if command.item_id in items:
            account_id = items[command.item_id].account_id
            rests[account_id] = max(command.retry_at, rests.get(account_id, command.retry_at))
    rest_accounts(rests)


def _chosen(commands: Sequence[R], statuses: Sequence[str]) -> list[tuple[Item, R]]:
    """Pair each command with its item where that is in one of these states; the first counts."""
    items = hold_items_by_id(command.item_id for command in commands)
    chosen = []
    for command in commands:
        item = items.pop(command.item_id, None)
        if item is not None and item.status in statuses:
            chosen.append((item, command))
    return chosen


def _write_status(
    status: ItemStatus, chosen: Sequence[tuple[Item, RecordFailed | RecordUnknown]]
) -> None:
    _ENDED.each((status, storable(command.because), item.id) for item, command in chosen)
    _MESSAGES.each(
        (MessageStatus(status), storable(command.because), item.message_id)
        for item, command in chosen
    )
