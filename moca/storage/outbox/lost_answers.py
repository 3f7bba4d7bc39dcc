from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.types import ContactKey, ItemStatus
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message, QueueItem
from moca.storage.outbox.held import held_event
from moca.storage.outbox.items import hold_items, with_other_parts
from moca.storage.unit_of_work import Batch

_BECAUSE = "it was queued by a commit whose answer was lost"


def announce_again(batch: Batch, command: QueueReply, contact: ContactKey) -> bool:
    """Announce the reply that answers a command's inputs already, or return False if none does.

    Where it has begun to go, its conversation is loaded anew, so that it knows what went.
    """
    replies = Message.select(Message.reply).where(
        (Message.id << list(command.input_ids)) & Message.reply.is_null(is_null=False)
    )
    reply_ids = sorted({reply_id for (reply_id,) in read_rows(replies)})
    items = with_other_parts(hold_items(QueueItem.message << reply_ids)) if reply_ids else []
    for item in items:
        if item.status == ItemStatus.PENDING:
            batch.tell(ReplyQueued(item.contact, item.reply(), command.input_ids))
        elif item.status == ItemStatus.HELD:
            batch.tell(held_event(item.reply(), command.input_ids))
    if any(item.status not in (ItemStatus.HELD, ItemStatus.PENDING) for item in items):
        batch.tell(ReplyRefused(contact, command.input_ids, _BECAUSE, is_outdated=True))
    return bool(items)
