from datetime import datetime

from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.inbound import MessageArrived
from moca.core.types import Outcome, Stage
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation, Message
from moca.storage.messages.stored_message import StoredMessage
from moca.storage.unit_of_work import Batch

_IS_REPEAT = (Message.outcome == Outcome.DUPLICATE.value) & Message.deleted_at.is_null()


def first_repeat_of(message_id: int) -> int | None:
    """Return the oldest message that was dropped as a repeat of this one; None if there is none."""
    query = Message.select(Message.id).where((Message.duplicate_of == message_id) & _IS_REPEAT)
    return next((row_id for (row_id,) in read_rows(query.order_by(Message.id).limit(1))), None)


def answer_after_all(
    batch: Batch, message_id: int, writing: StoredMessage, because: str, at: datetime
) -> None:
    """Process a message that was dropped as a repeat, unless its conversation is closed.

    `writing` identifies the contact.
    """
    columns = (Message.mid, Message.type, Message.text, Message.created_at, Message.consent_change)
    query = Message.select(*columns).join(Conversation).join(Contact)
    put_aside = (Message.id == message_id) & _IS_REPEAT & IS_CURRENT
    for mid, kind, text, received_at, consent_change in read_rows(query.where(put_aside)):
        taken_up = Message.update(
            outcome=None, processed=False, because="", reason=None, duplicate_of=None
        )
        taken_up.where(Message.id == message_id).execute()
        batch.note(message_id, at, Stage.DEDUPLICATION, "taken up", because)
        inbound = Inbound(
            id=message_id,
            mid=mid,
            type=kind,
            text=text,
            received_at=received_at,
            consent_change=None if consent_change is None else ConsentChange(consent_change),
        )
        batch.tell(MessageArrived(writing.contact, writing.conversation_id, inbound))
