from datetime import datetime
from typing import Any

from moca.core.conversation.consent import Wish
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.inbound import MessageArrived
from moca.core.types import Outcome, Stage
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation, Message
from moca.storage.messages.stored_message import Writing
from moca.storage.unit_of_work import Batch

_IS_REPEAT = (Message.outcome == Outcome.DUPLICATE.value) & Message.deleted_at.is_null()


def first_repeat_of(message_id: int) -> int | None:
    """Find the oldest message that was put aside because it says the same; None if none was."""
    query: Any = Message.select(Message.id).where((Message.duplicate_of == message_id) & _IS_REPEAT)
    return next((row_id for (row_id,) in query.order_by(Message.id).limit(1).tuples()), None)


def hear_after_all(
    batch: Batch, message_id: int, writing: Writing, because: str, at: datetime
) -> None:
    """Have a message answered that was put aside as a repeat; in a closed conversation it stays.

    `writing` tells with whom it was exchanged.
    """
    columns = (Message.mid, Message.type, Message.text, Message.created_at, Message.wish)
    query: Any = Message.select(*columns).join(Conversation).join(Contact)
    put_aside = (Message.id == message_id) & _IS_REPEAT & IS_CURRENT
    for mid, kind, text, received_at, wish in query.where(put_aside).tuples():
        taken_up: Any = Message.update(outcome=None, processed=False, because="", duplicate_of=None)
        taken_up.where(Message.id == message_id).execute()
        batch.note(message_id, at, Stage.DEDUPLICATION, "taken up", because)
        inbound = Inbound(
            id=message_id,
            mid=mid,
            type=kind,
            text=text,
            received_at=received_at,
            wish=None if wish is None else Wish(wish),
        )
        batch.tell(MessageArrived(writing.contact, writing.conversation_id, inbound))
