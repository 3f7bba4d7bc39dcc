from collections.abc import Sequence

from moca.core.accounts import REMOVED
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    RetryReply,
    SettleReply,
)
from moca.core.messages.replies import ReplyQueued
from moca.core.reasons import Because, Reason
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.accounts.ownership import was_removed
from moca.storage.conversations.needs_reply import forget_need_if_nothing_waits
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import Message, QueueItem
from moca.storage.handlers import handles
from moca.storage.messages.outcomes import inputs_of
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import (
    OutboxItem,
    earlier_parts,
    fault_in_text,
    hold_items_by_id,
    later_parts_ended,
)
from moca.storage.outbox.recall import recalled_because
from moca.storage.outbox.sent import ArrivedReply, write_arrived
from moca.storage.unit_of_work import Batch

_AGAIN = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.because,
    QueueItem.reason,
    QueueItem.is_final,
    QueueItem.unconfirmed_since,
    where="\"status\" <> 'sent'",
)
_MESSAGES = Update(Message, Message.status, Message.because)
_OUTCOMES = Update(Message, Message.outcome, Message.because, Message.reason)

_FILE_GONE = "its attachment is no longer kept; send a new message with the file"
_WORD = "confirmed by a teammate"

_TEXTS = Update(Message, Message.text)


@handles(CancelReply)
def cancel_replies(batch: Batch, commands: Sequence[CancelReply]) -> None:
    """Cancel pending replies."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.PENDING,))
        if item is not None:
            cancel_items(batch, [item], Because(Reason.CANCELLED), command.at)


@handles(RetryReply)
def retry_replies(batch: Batch, commands: Sequence[RetryReply]) -> None:
    """Queue failed or cancelled replies again, as new; their inputs wait for them again.

    The later unsent parts follow. A part behind an unsent part is refused.
    """
    for command in commands:
        item = _item(batch, command, (ItemStatus.FAILED, ItemStatus.CANCELLED))
        if item is not None:
            for part in (item, *later_parts_ended(item)):
                _queue(batch, command, part._replace(attempts=0), "retried by a teammate")
            forget_need_if_nothing_waits(item.conversation_id)


@handles(EditReply)
def edit_replies(batch: Batch, commands: Sequence[EditReply]) -> None:
    """Change the text of pending replies; the sender reads them again on the claim."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.PENDING,))
        if item is not None:
            _TEXTS.each([(storable(command.text), item.message_id)])
            batch.note(item.message_id, command.at, Stage.QUEUE, "edited", "by a teammate")


@handles(SettleReply)
def settle_replies(batch: Batch, commands: Sequence[SettleReply]) -> None:
    """Settle unconfirmed sends: mark them as delivered, or queue them again."""
    for command in commands:
        item = _item(batch, command, (ItemStatus.UNKNOWN,))
        if item is None:
            continue
        if command.delivered:
            write_arrived(batch, [ArrivedReply(item, None, command.at, _WORD)])
        else:
            _queue(batch, command, item, "marked as not delivered by a teammate")
            for part in later_parts_ended(item):
                _queue(
                    batch, command, part._replace(attempts=0), "the part before it is sent again"
                )


def _item(
    batch: Batch,
    command: CancelReply | EditReply | RetryReply | SettleReply,
    statuses: Sequence[ItemStatus],
) -> OutboxItem | None:
    item = hold_items_by_id([command.item_id]).get(command.item_id)
    if item is None:
        batch.answer(command.receipt, NotFound())
    elif item.status not in statuses:
        batch.answer(command.receipt, Conflict(f"the reply is {item.status}"))
    elif isinstance(command, RetryReply) and earlier_parts([item]).get(item.id):
        batch.answer(command.receipt, Conflict("an earlier part of the reply was not sent"))
    elif isinstance(command, RetryReply) and was_removed(item.account_id):
        batch.answer(command.receipt, Conflict(REMOVED))
    elif isinstance(command, RetryReply) and _has_lost_file(item):
        batch.answer(command.receipt, Conflict(_FILE_GONE))
    elif isinstance(command, RetryReply) and (because := recalled_because(item)):
        batch.answer(command.receipt, Conflict(f"the reply was recalled: {because}"))
    elif isinstance(command, EditReply) and (fault := fault_in_text(item, command.text)):
        batch.answer(command.receipt, Conflict(fault))
    else:
        batch.answer(command.receipt, Done())
        return item
    return None


def _has_lost_file(item: OutboxItem) -> bool:
    """Return whether a reply sends an attached file that has been deleted."""
    media = item.reply().content.media
    is_upload = media is not None and media.is_upload
    return is_upload and not Upload.select().where(Upload.message == item.message_id).exists()


def _queue(batch: Batch, command: RetryReply | SettleReply, item: OutboxItem, because: str) -> None:
    again = (ItemStatus.PENDING, command.at, item.attempts, because, None)
    # The operator decides that it did not arrive, so no earlier call is verified any more.
    _AGAIN.each([(*again, None, None, item.id)])
    _MESSAGES.each([(MessageStatus.QUEUED, "", item.message_id)])
    ended = (Outcome.FAILED.value, Outcome.SUPPRESSED.value)
    reopened = inputs_of([item.message_id], ended)[item.message_id]
    _OUTCOMES.each((None, "", None, each) for each in reopened)
    waiting = tuple(inputs_of([item.message_id])[item.message_id])
    for each in (item.message_id, *waiting):
        batch.note(each, command.at, Stage.QUEUE, "queued", because)
    reply = item.reply(scheduled_for=command.at, unconfirmed_since=None)
    batch.tell(ReplyQueued(item.contact, reply, waiting))
