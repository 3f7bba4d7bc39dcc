from collections.abc import Sequence
from dataclasses import replace

from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.content.validation import fault_in
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    Overruling,
    RetryReply,
    SettleReply,
)
from moca.core.messages.receipt import Conflict, Done, NotFound
from moca.core.messages.replies import ReplyQueued
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.tables import Message, QueueItem
from moca.storage.messages.outcomes import inputs_of
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import Item, earlier_parts, hold_items_by_id, later_parts_ended
from moca.storage.outbox.recall import RECALLED_BECAUSE, is_recalled
from moca.storage.outbox.sent import Arrived, write_arrived
from moca.storage.unit_of_work import Batch

_AGAIN = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.because,
    QueueItem.is_final,
    QueueItem.unconfirmed_since,
    where="\"status\" <> 'sent'",
)
_MESSAGES = Update(Message, Message.status, Message.because)
_OUTCOMES = Update(Message, Message.outcome, Message.because)

_WORD = "the operator's word"

_TEXTS = Update(Message, Message.text)


def cancel_replies(batch: Batch, commands: Sequence[CancelReply]) -> None:
    """Take pending replies out of the queue."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.PENDING,))
        if item is not None:
            cancel_items(batch, [item], "the operator cancelled the reply", command.at)


def retry_replies(batch: Batch, commands: Sequence[RetryReply]) -> None:
    """Queue failed or cancelled replies again, as new; what they answer waits for them again.

    A part is followed by the later ones that were not sent, and goes after none that was not.
    """
    for command in commands:
        item = _item(batch, command, (ItemStatus.FAILED, ItemStatus.CANCELLED))
        if item is not None:
            for part in (item, *later_parts_ended(item)):
                _queue(batch, command, part._replace(attempts=0), "the operator asked for it")


def edit_replies(batch: Batch, commands: Sequence[EditReply]) -> None:
    """Let pending replies say something else; the sender reads them again as it claims them."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.PENDING,))
        if item is not None:
            _TEXTS.each([(storable(command.text), item.message_id)])
            batch.note(item.message_id, command.at, Stage.QUEUE, "edited", "by the operator")


def settle_replies(batch: Batch, commands: Sequence[SettleReply]) -> None:
    """End unknown replies as arrived, or queue them again as not."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.UNKNOWN,))
        if item is None:
            continue
        if command.delivered:
            write_arrived(batch, [Arrived(item, None, command.at, _WORD)])
        else:
            _queue(batch, command, item, f"it did not arrive: {_WORD}")
            for part in later_parts_ended(item):
                _queue(batch, command, part._replace(attempts=0), "the part before it goes again")


def _item(batch: Batch, command: Overruling, statuses: Sequence[ItemStatus]) -> Item | None:
    item = hold_items_by_id([command.item_id]).get(command.item_id)
    if item is None:
        batch.answer(command.receipt, NotFound())
    elif item.status not in statuses:
        batch.answer(command.receipt, Conflict(f"the reply is {item.status}"))
    elif isinstance(command, RetryReply) and earlier_parts([item]).get(item.id):
        batch.answer(command.receipt, Conflict("an earlier part of the reply was not sent"))
    elif isinstance(command, RetryReply) and is_recalled(item):
        batch.answer(command.receipt, Conflict(f"the reply was taken back: {RECALLED_BECAUSE}"))
    elif isinstance(command, EditReply) and (fault := _fault_in(item, command.text)):
        batch.answer(command.receipt, Conflict(fault))
    else:
        batch.answer(command.receipt, Done())
        return item
    return None


def _fault_in(item: Item, text: str) -> str | None:
    if not item.text:
        return "the reply has no text to edit"
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        return f"text: it must not be longer than {MAX_MESSAGE_BYTES} bytes of UTF-8"
    return fault_in(replace(item.reply().content, text=text))


def _queue(batch: Batch, command: RetryReply | SettleReply, item: Item, because: str) -> None:
    again = (ItemStatus.PENDING, command.at, item.attempts, because)
    # The operator decides that it did not arrive: no earlier call is looked for any more.
    _AGAIN.each([(*again, None, None, item.id)])
    _MESSAGES.each([(MessageStatus.QUEUED, "", item.message_id)])
    ended = (Outcome.FAILED.value, Outcome.SUPPRESSED.value)
    reopened = inputs_of([item.message_id], ended)[item.message_id]
    _OUTCOMES.each((None, "", each) for each in reopened)
    waiting = tuple(inputs_of([item.message_id])[item.message_id])
    for each in (item.message_id, *waiting):
        batch.note(each, command.at, Stage.QUEUE, "queued", because)
    reply = item.reply(scheduled_for=command.at, unconfirmed_since=None)
    batch.tell(ReplyQueued(item.contact, reply, waiting))
