from collections.abc import Sequence
from typing import Any

from moca.core.contact import ContactKey
from moca.core.messages import ContactErased, Done, EraseContact, HouseKept, NotFound
from moca.storage.batch import Batch
from moca.storage.deliveries import Comparison
from moca.storage.models import (
    Contact,
    Conversation,
    DeletionRequest,
    Event,
    Message,
    QueueItem,
    is_contact,
)
from moca.storage.scrubs import begin_scrub, delete_webhooks


def erase_contacts(batch: Batch, commands: Sequence[EraseContact]) -> None:
    """Delete contacts, all that belongs to them, and the bodies in which their messages came."""
    batch.write_steps()
    for command in commands:
        contact_id = _contact_id(command.contact)
        if contact_id is None:
            batch.answer(command.receipt, NotFound())
            continue
        batch.tell(ContactErased(command.contact, erase(contact_id, command.contact)))
        _begin_search(batch, command)
        batch.answer(command.receipt, Done())


def _begin_search(batch: Batch, command: EraseContact) -> None:
    request = command.request
    begin_scrub(*command.contact, None if request is None else request.code)
    if request is not None:
        DeletionRequest.create(code=request.code, requested_at=request.at)
        batch.tell(HouseKept(has_more=True))


def _contact_id(contact: ContactKey) -> int | None:
    query: Any = Contact.select(Contact.id).where(is_contact(contact))
    return next((contact_id for (contact_id,) in query.tuples()), None)


def erase(contact_id: int, contact: ContactKey) -> tuple[int, ...]:
    """Delete a contact with all that is linked with it; the ids of the replies that are gone."""
    conversations: Any = Conversation.select(Conversation.id).where(
        Conversation.contact == contact_id
    )
    items: Any = QueueItem.select(QueueItem.id).where(QueueItem.conversation << conversations)
    item_ids = tuple(item_id for (item_id,) in items.order_by(QueueItem.id).tuples())
    bodies: Any = Message.select(Message.webhook).where(
        (Message.conversation << conversations) & Message.webhook.is_null(is_null=False)
    )
    webhook_ids = {webhook_id for (webhook_id,) in bodies.distinct().tuples()}
    about = (Event.psid == contact.psid) & (Event.account_id == contact.account_id)
    told: Any = Event.select(Event.webhook).where(about & Event.webhook.is_null(is_null=False))
    webhook_ids |= {webhook_id for (webhook_id,) in told.tuples()}
    Comparison.update(has_erased=True).where(Comparison.account_id == contact.account_id).execute()
    Contact.delete().where(Contact.id == contact_id).execute()
    Event.delete().where(about).execute()
    delete_webhooks(webhook_ids)
    return item_ids
