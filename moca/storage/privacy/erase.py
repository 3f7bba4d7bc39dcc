from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import Node, fn

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.command import Done, NotFound
from moca.core.messages.housekeeping import EraseOnDeletionRequest, RetentionApplied
from moca.core.messages.operator_actions import ContactErased, EraseContact
from moca.core.types import ContactKey
from moca.storage.accounts.accounts import remove_account
from moca.storage.db.metric_tables import ReconciledAccount
from moca.storage.db.privacy_tables import DeletionRequest, PendingRedaction
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import (
    Account,
    Contact,
    Conversation,
    Event,
    Message,
    QueueItem,
    is_contact,
)
from moca.storage.handlers import handles
from moca.storage.inbound.webhook_bodies import begin_redaction, delete_webhooks
from moca.storage.search.purge import purge_soon
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.owners import delete_files_soon


@handles(EraseContact)
def erase_contacts(batch: Batch, commands: Sequence[EraseContact]) -> None:
    """Delete contacts with all their data, and the webhook bodies of their messages."""
    batch.write_steps()
    for command in commands:
        contact_id = _contact_id(command.contact)
        if contact_id is None:
            batch.answer(command.receipt, NotFound())
            continue
        erase(batch, contact_id, command.contact, command.at)
        _begin_search(batch, command)
        delete_files_soon(batch)
        batch.answer(command.receipt, Done())


def _begin_search(batch: Batch, command: EraseContact) -> None:
    request = command.request
    begin_redaction(*command.contact, None if request is None else request.code)
    if request is not None:
        DeletionRequest.create(code=request.code, requested_at=request.at)
        batch.tell(RetentionApplied(has_more=True))


def _contact_id(contact: ContactKey) -> int | None:
    query = Contact.select(Contact.id).where(is_contact(contact))
    return next((contact_id for (contact_id,) in read_rows(query)), None)


def erase(batch: Batch, contact_id: int, contact: ContactKey, at: datetime) -> None:
    """Delete a contact with all linked rows, and announce it."""
    conversations = Conversation.select(Conversation.id).where(Conversation.contact == contact_id)
    items = QueueItem.select(QueueItem.id).where(QueueItem.conversation << conversations)
    item_ids = tuple(item_id for (item_id,) in read_rows(items.order_by(QueueItem.id)))
    bodies = Message.select(Message.webhook).where(
        (Message.conversation << conversations) & Message.webhook.is_null(is_null=False)
    )
    webhook_ids = {webhook_id for (webhook_id,) in read_rows(bodies.distinct())}
    about = (Event.psid == contact.psid) & (Event.account_id == contact.account_id)
    from_events = Event.select(Event.webhook).where(about & Event.webhook.is_null(is_null=False))
    webhook_ids |= {webhook_id for (webhook_id,) in read_rows(from_events)}
    ReconciledAccount.update(has_erased=True).where(
        ReconciledAccount.account_id == contact.account_id
    ).execute()
    Contact.delete().where(Contact.id == contact_id).execute()
    Event.delete().where(about).execute()
    delete_webhooks(webhook_ids)
    purge_soon()
    batch.tell(ContactErased(contact, item_ids))
    detail = {"contact_id": contact_id}
    account_id = contact.account_id
    batch.publish(FeedEvent(FeedKind.CONTACT_ERASED, at, account_id=account_id, detail=detail))


_PENDING = DeletionRequest.completed_at.is_null()


@handles(EraseOnDeletionRequest)
def erase_on_deletion_requests(batch: Batch, commands: Sequence[EraseOnDeletionRequest]) -> None:
    """Store deletion requests and begin the erasure, which continues in batches.

    An owner's request removes the account with all its messages, a contact's request that contact.
    """
    batch.write_steps()
    for command in commands:
        accounts = _owned_by(command.user_id)
        for account_id in accounts:
            remove_account(batch, account_id, command.at)
            begin_redaction(account_id, None, command.code)
        if not accounts:
            _erase_contacts(batch, command.at, Contact.psid == command.user_id, command.code)
        DeletionRequest.create(
            code=command.code,
            account_id=accounts[0] if accounts else None,
            requested_at=command.at,
        )
        batch.answer(command.receipt, Done())


def delete_portion(batch: Batch, at: datetime, portion: int) -> bool:
    """Erase a batch of contacts of an account whose owner asked for it; False if none are left."""
    of_accounts = _PENDING & DeletionRequest.account_id.is_null(is_null=False)
    requests = DeletionRequest.select().where(of_accounts)
    request = requests.order_by(DeletionRequest.requested_at).first()
    return request is not None and _erase_some(batch, at, request, portion)


def find_erased() -> list[str]:
    """Return the codes of pending requests that have no rows left."""
    searches = PendingRedaction.select().where(PendingRedaction.code == DeletionRequest.code)
    contacts = Contact.select().where(Contact.account_id == DeletionRequest.account_id)
    events = Event.select().where(Event.account_id == DeletionRequest.account_id)
    query = DeletionRequest.select(DeletionRequest.code).where(
        _PENDING & ~fn.EXISTS(searches) & ~fn.EXISTS(contacts) & ~fn.EXISTS(events)
    )
    return [code for (code,) in read_rows(query)]


def complete_requests(completed: Mapping[str, datetime]) -> None:
    """Record when these requests were completed, by code."""
    for code, at in completed.items():
        DeletionRequest.update(completed_at=at).where(DeletionRequest.code == code).execute()


def _erase_some(batch: Batch, at: datetime, request: Any, portion: int) -> bool:
    of_account = Contact.account_id == request.account_id
    erased = _erase_contacts(batch, at, of_account, None, portion)
    if not erased:
        Event.delete().where(Event.account_id == request.account_id).execute()
    return erased > 0


def _erase_contacts(
    batch: Batch, at: datetime, which: Node, code: str | None, portion: int | None = None
) -> int:
    rows = Contact.select(Contact.id, Contact.account_id, Contact.psid).where(which)
    found = list(read_rows(rows.order_by(Contact.id).limit(portion)))
    for contact_id, account_id, psid in found:
        contact = ContactKey(account_id, psid)
        erase(batch, contact_id, contact, at)
        if code is not None:
            begin_redaction(account_id, psid, code)
    return len(found)


def _owned_by(user_id: str) -> list[str]:
    query = Account.select(Account.account_id).where(
        (Account.app_user_id == user_id) | (Account.account_id == user_id)
    )
    return [account_id for (account_id,) in read_rows(query.order_by(Account.account_id))]
