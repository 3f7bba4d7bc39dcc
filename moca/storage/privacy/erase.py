from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.messages.housekeeping import EraseForPerson, HouseKept
from moca.core.messages.operator_actions import ContactErased, EraseContact
from moca.core.messages.receipt import Done, NotFound
from moca.core.types import ContactKey
from moca.storage.accounts.accounts import remove_account
from moca.storage.db.metric_tables import Comparison
from moca.storage.db.tables import (
    Account,
    Contact,
    Conversation,
    DeletionRequest,
    Event,
    Message,
    QueueItem,
    Scrub,
    is_contact,
)
from moca.storage.inbound.webhook_bodies import begin_scrub, delete_webhooks
from moca.storage.unit_of_work import Batch


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


_PENDING = DeletionRequest.completed_at.is_null()


def erase_for_persons(batch: Batch, commands: Sequence[EraseForPerson]) -> None:
    """Note that erasure was asked for, and begin it; the rest follows in portions.

    An owner's request removes the account and all that was said with it, a contact's that contact.
    """
    batch.write_steps()
    for command in commands:
        accounts = _owned_by(command.user_id)
        for account_id in accounts:
            remove_account(batch, account_id, command.at)
            begin_scrub(account_id, None, command.code)
        if not accounts:
            _erase_contacts(batch, Contact.psid == command.user_id, command.code)
        DeletionRequest.create(
            code=command.code,
            account_id=accounts[0] if accounts else None,
            requested_at=command.at,
        )
        batch.answer(command.receipt, Done())


def delete_portion(batch: Batch, portion: int) -> bool:
    """Erase a few contacts of an account whose owner asked for it; False if none are left."""
    of_accounts = _PENDING & DeletionRequest.account_id.is_null(is_null=False)
    requests: Any = DeletionRequest.select().where(of_accounts)
    request = requests.order_by(DeletionRequest.requested_at).first()
    return request is not None and _erase_some(batch, request, portion)


def find_erased() -> list[str]:
    """Return the codes of pending requests of which no row is left."""
    searches = Scrub.select().where(Scrub.code == DeletionRequest.code)
    contacts = Contact.select().where(Contact.account_id == DeletionRequest.account_id)
    events = Event.select().where(Event.account_id == DeletionRequest.account_id)
    query: Any = DeletionRequest.select(DeletionRequest.code).where(
        _PENDING & ~fn.EXISTS(searches) & ~fn.EXISTS(contacts) & ~fn.EXISTS(events)
    )
    return [code for (code,) in query.tuples()]


def complete_requests(completed: Mapping[str, datetime]) -> None:
    """Record when, by their codes, these requests had nothing left to erase."""
    for code, at in completed.items():
        DeletionRequest.update(completed_at=at).where(DeletionRequest.code == code).execute()


def _erase_some(batch: Batch, request: Any, portion: int) -> bool:
    of_account = Contact.account_id == request.account_id
    erased = _erase_contacts(batch, of_account, None, portion)
    if not erased:
        Event.delete().where(Event.account_id == request.account_id).execute()
    return erased > 0


def _erase_contacts(batch: Batch, which: Any, code: str | None, portion: int | None = None) -> int:
    rows: Any = Contact.select(Contact.id, Contact.account_id, Contact.psid).where(which)
    found = list(rows.order_by(Contact.id).limit(portion).tuples())
    for contact_id, account_id, psid in found:
        contact = ContactKey(account_id, psid)
        batch.tell(ContactErased(contact, erase(contact_id, contact)))
        if code is not None:
            begin_scrub(account_id, psid, code)
    return len(found)


def _owned_by(user_id: str) -> list[str]:
    query: Any = Account.select(Account.account_id).where(
        (Account.app_user_id == user_id) | (Account.account_id == user_id)
    )
    return [account_id for (account_id,) in query.order_by(Account.account_id).tuples()]
