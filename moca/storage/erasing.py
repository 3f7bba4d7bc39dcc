from collections.abc import Sequence
from typing import Any

from moca.core.contact import ContactKey
from moca.core.messages import ContactErased, Done, EraseContact, NotFound
from moca.storage.batch import Batch
from moca.storage.chunks import in_chunks
from moca.storage.models import Contact, Conversation, Message, QueueItem, Webhook


def erase_contacts(batch: Batch, commands: Sequence[EraseContact]) -> None:
    """Delete contacts, all that belongs to them, and the bodies in which their messages came."""
    batch.write_steps()
    for command in commands:
        contact_id = _contact_id(command.contact)
        if contact_id is None:
            batch.answer(command.receipt, NotFound())
            continue
        batch.tell(ContactErased(command.contact, _erase(contact_id)))
        batch.answer(command.receipt, Done())


def _contact_id(contact: ContactKey) -> int | None:
    query: Any = Contact.select(Contact.id).where(
        (Contact.psid == contact.psid) & (Contact.account_id == contact.account_id)
    )
    return next((contact_id for (contact_id,) in query.tuples()), None)


def _erase(contact_id: int) -> tuple[int, ...]:
    conversations: Any = Conversation.select(Conversation.id).where(
        Conversation.contact == contact_id
    )
    items: Any = QueueItem.select(QueueItem.id).where(QueueItem.conversation << conversations)
    item_ids = tuple(item_id for (item_id,) in items.order_by(QueueItem.id).tuples())
    bodies: Any = Message.select(Message.webhook).where(
        (Message.conversation << conversations) & Message.webhook.is_null(is_null=False)
    )
    webhook_ids = sorted(webhook_id for (webhook_id,) in bodies.distinct().tuples())
    Contact.delete().where(Contact.id == contact_id).execute()
    for chunk in in_chunks(webhook_ids):
        Webhook.delete().where(Webhook.id << chunk).execute()
    return item_ids
