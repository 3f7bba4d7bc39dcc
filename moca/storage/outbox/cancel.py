from collections.abc import Collection, Sequence
from datetime import datetime

from moca.core.messages.delivery import ReplyDropped
from moca.core.types import Author, ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.tables import IS_PARTING, IS_PENDING, IS_UNDER_WAY, Message, QueueItem
from moca.storage.messages.outcomes import (
    Conclusion,
    conclude,
    inputs_of,
    unanswered_of,
    write_conclusions,
)
from moca.storage.outbox.items import Item, hold_items, with_other_parts
from moca.storage.unit_of_work import Batch

_ITEMS = Update(QueueItem, QueueItem.status, QueueItem.because, where="\"status\" = 'pending'")
_MESSAGES = Update(Message, Message.status, Message.because)


def cancel_items(
    batch: Batch,
    items: Sequence[Item],
    because: str,
    at: datetime,
    *,
    failed: bool = False,
    outcome: Outcome | None = None,
    is_recalled: bool = False,
) -> None:
    """Take pending items out of the queue, and end with them what they were to answer.

    Of a reply in parts those go too that are still to come. With `failed` they end as failed: a
    reply that somebody wrote and must look at again. With `is_recalled` its conversation is to
    look anew at what waits in it.
    """
    status = ItemStatus.FAILED if failed else ItemStatus.CANCELLED
    outcome = outcome or (Outcome.FAILED if failed else Outcome.SUPPRESSED)
    reason = storable(because)
    items = with_other_parts(items)
    _ITEMS.each((status, reason, item.id) for item in items)
    _MESSAGES.each((MessageStatus(status), reason, item.message_id) for item in items)
    for item in items:
        batch.note(item.message_id, at, Stage.QUEUE, status, because)
        batch.tell(ReplyDropped(item.contact, item.id, because, is_recalled))
    inputs = inputs_of(item.message_id for item in items)
    write_conclusions(
        batch,
        [Conclusion(each, outcome, because, at) for ids in inputs.values() for each in ids],
    )


def silence_bot(
    batch: Batch,
    conversation_id: int,
    because: str,
    at: datetime,
    *,
    sparing: Collection[int] = (),
) -> None:
    """End what the bot was to answer in a conversation, and what it was going to say.

    Nothing it said earlier may pass any more where it must be silent; what is spared still waits.
    """
    unanswered = [each for each in unanswered_of(conversation_id) if each not in sparing]
    conclude(batch, unanswered, Outcome.SUPPRESSED, because, at)
    own = QueueItem.conversation == conversation_id
    QueueItem.update(parting=None).where(own & IS_PARTING).execute()
    pending = hold_items(own & IS_UNDER_WAY & IS_PENDING & (Message.author == Author.BOT.value))
    cancel_items(batch, pending, because, at)
