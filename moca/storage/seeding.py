from collections.abc import Iterable
from datetime import datetime

from moca.core.contact import ContactKey
from moca.storage.bulk import Insertion
from moca.storage.models import Contact

_CONTACTS = Insertion(
    Contact,
    Contact.account_id,
    Contact.psid,
    Contact.created_at,
    Contact.last_seen_at,
    Contact.opted_out_at,
    Contact.message_count,
)


def seed_opted_out(contacts: Iterable[tuple[ContactKey, datetime]]) -> None:
    """Begin a database with those who opted out, and when."""
    _CONTACTS.quietly((*contact, at, at, at, 0) for contact, at in contacts)
