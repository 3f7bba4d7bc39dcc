from collections.abc import Sequence

from moca.core.messages import (
    CancelReply,
    Conflict,
    Done,
    NotFound,
    ReplyQueued,
    RetryReply,
    SettleReply,
)
from moca.core.vocabulary import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.batch import Batch
from moca.storage.bulk import Update
from moca.storage.cancelling import cancel_items
from moca.storage.concluding import inputs_of
from moca.storage.items import Item, hold_items_by_id
from moca.storage.models import Message, QueueItem
from moca.storage.sent import Arrived, write_arrived

_AGAIN = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.because,
    where="\"status\" <> 'sent'",
)
_MESSAGES = Update(Message, Message.status, Message.because)
_OUTCOMES = Update(Message, Message.outcome, Message.because)

_WORD = "the operator's word"

_Overruling = CancelReply | RetryReply | SettleReply


def cancel_replies(batch: Batch, commands: Sequence[CancelReply]) -> None:
    """Take pending replies out of the queue."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.PENDING,))
        if item is not None:
            cancel_items(batch, [item], "the operator cancelled the reply", command.at)


def retry_replies(batch: Batch, commands: Sequence[RetryReply]) -> None:
    """Queue failed or cancelled replies again, as new; what they answer waits for them again."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.FAILED, ItemStatus.CANCELLED))
        if item is not None:
            _queue(batch, command, item._replace(attempts=0), "the operator asked for it")


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


def _item(batch: Batch, command: _Overruling, statuses: Sequence[ItemStatus]) -> Item | None:
    item = hold_items_by_id([command.item_id]).get(command.item_id)
    if item is None:
        batch.answer(command.receipt, NotFound())
    elif item.status not in statuses:
        batch.answer(command.receipt, Conflict(f"the reply is {item.status}"))
    else:
        batch.answer(command.receipt, Done())
        return item
    return None


def _queue(batch: Batch, command: RetryReply | SettleReply, item: Item, because: str) -> None:
    _AGAIN.each([(ItemStatus.PENDING, command.at, item.attempts, because, item.id)])
    _MESSAGES.each([(MessageStatus.QUEUED, "", item.message_id)])
    ended = (Outcome.FAILED.value, Outcome.SUPPRESSED.value)
    reopened = inputs_of([item.message_id], ended)[item.message_id]
    _OUTCOMES.each((None, "", each) for each in reopened)
    waiting = tuple(inputs_of([item.message_id])[item.message_id])
    for each in (item.message_id, *waiting):
        batch.note(each, command.at, Stage.QUEUE, "queued", because)
    reply = item.reply(scheduled_for=command.at)
    batch.tell(ReplyQueued(item.contact, reply, waiting))
