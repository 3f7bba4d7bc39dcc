from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moca.core.types import ItemStatus, Stage
from moca.storage.db.tables import Message, QueueItem
from moca.storage.messages.contact_conversations import cool_down
from moca.storage.messages.outcomes import inputs_of
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import Item, all_parts, hold_items
from moca.storage.unit_of_work import Batch

RECALLED_BECAUSE = "what it answers was edited before it was sent"


def recall_reply(batch: Batch, reply_id: int, at: datetime) -> str | None:
    """Take the bot's reply back, so that what it answers waits again, as if never answered.

    It is answered no sooner than a cooldown after this reply was made. `reply_id` is the message
    on which the inputs hang. Says why where that cannot be, and then nothing is changed: somebody
    else wrote it, or some of it went already, or may have.
    """
    parts = all_parts(hold_items(QueueItem.message == reply_id))
    because = _stays_because(parts)
    if because is None:
        inputs = inputs_of([reply_id])[reply_id]
        waiting: Any = Message.update(processed=False, reply=None, wish=None)
        waiting.where(Message.id << inputs).execute()
        for each in inputs:
            detail = f"reply moca-{parts[0].message_id} is taken back"
            batch.note(each, at, Stage.QUEUE, "taken up", detail)
        cancel_items(batch, parts, RECALLED_BECAUSE, at, is_recalled=True)
        flushed_at = QueueItem.get_by_id(parts[0].id).created_at
        cool_down(parts[0].conversation_id, flushed_at + batch.policy.cooldown)
    return because


def is_recalled(item: Item) -> bool:
    """Tell whether a reply was taken back, so that another is made of what it was to answer."""
    own = QueueItem.id == item.id
    query: Any = QueueItem.select().where(own & (QueueItem.because == RECALLED_BECAUSE))
    return bool(query.exists())


def _stays_because(parts: Sequence[Item]) -> str | None:
    if not parts:
        return "the reply is gone"
    if not all(item.is_by_bot for item in parts):
        return "a person wrote the reply"
    if any(item.parting is not None for item in parts):
        return "the reply says how the conversation goes on"
    begun = next((item for item in parts if item.status != ItemStatus.PENDING), None)
    return None if begun is None else f"the reply is already {begun.status}"
