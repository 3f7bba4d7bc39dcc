from typing import Any

from moca.storage.models import Contact
from moca.storage.reads.microseconds import instant_of, microseconds_of
from moca.storage.reads.page import Key, Page
from moca.storage.reads.records import ContactRecord

_COLUMNS = tuple(getattr(Contact, name) for name in ContactRecord.__dataclass_fields__)
_LATEST_FIRST = (Contact.last_seen_at.desc(), Contact.id.desc())


def find_contact(psid: str, account_id: str | None = None) -> ContactRecord | None:
    """Look a contact up; without an account, the one of this id seen last. None if none."""
    query = Contact.select(*_COLUMNS).where(Contact.psid == psid)
    if account_id is not None:
        query = query.where(Contact.account_id == account_id)
    row = query.order_by(*_LATEST_FIRST).dicts().first()
    return None if row is None else ContactRecord(**row)


def list_contacts(*, limit: int, after: Key | None = None) -> Page[ContactRecord]:
    """List contacts, those seen last first."""
    query: Any = Contact.select(*_COLUMNS)
    if after is not None:
        query = query.where(_comes_after(*after))
    found = query.order_by(*_LATEST_FIRST).limit(limit + 1).dicts()
    rows = [ContactRecord(**row) for row in found]
    shown = tuple(rows[:limit])
    return Page(shown, _key(shown[-1]) if len(rows) > limit else None)


def _comes_after(seen_us: int, contact_id: int) -> Any:
    at = instant_of(seen_us)
    tied = (Contact.last_seen_at == at) & (Contact.id < contact_id)
    return (Contact.last_seen_at < at) | tied


def _key(last: ContactRecord) -> Key:
    return (microseconds_of(last.last_seen_at), last.id)
