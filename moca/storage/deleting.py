from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.contact import ContactKey
from moca.core.messages import ContactErased, Done, EraseForPerson
from moca.storage.accounts import remove_account
from moca.storage.batch import Batch
from moca.storage.erasing import erase
from moca.storage.models import Account, Contact, DeletionRequest, Event, Scrub
from moca.storage.scrubs import begin_scrub

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
