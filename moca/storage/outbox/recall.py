from collections.abc import Sequence
from datetime import datetime

from moca.core.reasons import Because, Reason, because_held
from moca.core.types import ConversationStatus, ItemStatus, Outcome, Stage
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation, Message, QueueItem
from moca.storage.messages.contact_conversations import cool_down
from moca.storage.messages.outcomes import conclude, inputs_of
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import OutboxItem, all_parts, hold_items
from moca.storage.unit_of_work import Batch

_RECALLED = Because(Reason.RECALLED)
_FORMERLY = "what it answers was edited before it was sent"
"""What rows say that were written without a code, before 0.2.0."""


def recall_reply(
    batch: Batch, reply_id: int, at: datetime, because: Because = _RECALLED
) -> str | None:
    """Cancel a reply of the bot, so that its inputs wait again as if never answered.

    They are answered no sooner than a cooldown after this reply was made; in a closed conversation,
    where a teammate may have retried it, they end. `reply_id` is the message
    to which the inputs refer. Returns why it cannot be recalled, and then changes nothing: the bot
    did not write it, or part of it was sent or may have been.
    """
    parts = all_parts(hold_items(QueueItem.message == reply_id))
    stays = _stays_because(parts)
    if stays is None:
        inputs = inputs_of([reply_id])[reply_id]
        waiting = Message.update(processed=False, reply=None, consent_change=None)
        waiting.where(Message.id << inputs).execute()
        for each in inputs:
            detail = f"reply moca-{parts[0].message_id} was recalled"
            batch.note(each, at, Stage.QUEUE, "taken up", detail)
        cancel_items(batch, parts, because, at, is_recalled=True)
        flushed_at = QueueItem.get_by_id(parts[0].id).created_at
        _end_if_closed(batch, parts[0].conversation_id, inputs, at)
        cooldown = batch.policy_of(parts[0].account_id).cooldown
        cool_down(parts[0].conversation_id, flushed_at + cooldown)
    return stays


def _end_if_closed(batch: Batch, conversation_id: int, inputs: Sequence[int], at: datetime) -> None:
    # Nothing else would: of a contact's conversations only the one that is not closed is loaded.
    status = Conversation.get_by_id(conversation_id).status
    if status == ConversationStatus.CLOSED:
        conclude(batch, inputs, Outcome.SUPPRESSED, because_held(status), at)


def recalled_because(item: OutboxItem) -> str | None:
    """Return why a reply was recalled, so that its inputs get another one; None if it was not."""
    is_former = QueueItem.reason.is_null() & (QueueItem.because == _FORMERLY)
    was_recalled = (QueueItem.reason << [Reason.RECALLED, Reason.SUPERSEDED]) | is_former
    query = QueueItem.select(QueueItem.because).where((QueueItem.id == item.id) & was_recalled)
    return next((because for (because,) in read_rows(query)), None)


def _stays_because(parts: Sequence[OutboxItem]) -> str | None:
    if not parts:
        return "the reply no longer exists"
    if not all(item.is_by_bot for item in parts):
        return "a teammate wrote the reply"
    if any(item.closing_message is not None for item in parts):
        return "the reply is a closing message"
    unsent = (ItemStatus.HELD, ItemStatus.PENDING)
    begun = next((item for item in parts if item.status not in unsent), None)
    return None if begun is None else f"the reply is already {begun.status}"
