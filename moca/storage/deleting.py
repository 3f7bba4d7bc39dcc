from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moca.core.contact import ContactKey
from moca.core.messages import ContactErased, Done, EraseForPerson
from moca.storage.accounts import remove_account
from moca.storage.batch import Batch
from moca.storage.erasing import erase
from moca.storage.models import Account, Contact, DeletionRequest, Event, Scrub
from moca.storage.scrubs import begin_scrub


def erase_for_persons(batch: Batch, commands: Sequence[EraseForPerson]) -> None:
    """Note that erasure was asked for, and begin it; the rest follows in portions.

    An owner's request removes the account and all that was said with it, a contact's that contact.
    """
    batch.write_steps()
    for command in commands:
        accounts = _owned_by(command.user_id)
        for account_id in accounts:
            remove_account(batch, account_id)
            begin_scrub(account_id, None, command.code)
        if not accounts:
            _erase_contacts(batch, Contact.psid == command.user_id, command.code)
        DeletionRequest.create(
            code=command.code,
            account_id=accounts[0] if accounts else None,
            requested_at=command.at,
        )
        batch.answer(command.receipt, Done())


def delete_portion(batch: Batch, at: datetime, portion: int) -> bool:
    """Erase a few contacts of an account whose owner wants it; False if nothing is to be done."""
    pending = DeletionRequest.completed_at.is_null()
    request = DeletionRequest.select().where(pending).order_by(DeletionRequest.requested_at).first()
    if request is None:
        return False
    if request.account_id is not None and _erase_some(batch, request, portion):
        return True
    if Scrub.select().where(Scrub.code == request.code).exists():
        return False
    request.completed_at = at
    request.save()
    return True


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
