from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from heapq import merge
from typing import Any, TypeVar

import peewee

from moca.core.replay_comparison import Lived
from moca.core.types import ContactKey
from moca.storage.db.bulk import Insertion
from moca.storage.db.connection import open_to_read
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, Webhook
from moca.storage.queries.endings import lived_between
from moca.storage.queries.replay import (
    StoredBody,
    Unlinked,
    mids_of_ours,
    name_of,
    opted_out_before,
    stored_bodies,
    unlinked_messages,
)

_TABLES = (Webhook, Contact, Conversation, Message, JourneyStep)

T = TypeVar("T")
_Received = StoredBody | Unlinked


class Archive:
    """A database that is only read, while Moca's tables are bound to another one."""

    def __init__(self, database: peewee.Database) -> None:
        self._database: Any = database

    @classmethod
    @contextmanager
    def opened(cls, url: str) -> Iterator["Archive"]:
        """Read the database at this address, on this thread.

        Raises:
            ValueError: the address is of another kind.
            peewee.OperationalError: there is no such database.
        """
        database = open_to_read(url)
        try:
            yield cls(database)
        finally:
            database.close()

    def received(self, since: datetime, until: datetime) -> Iterator[_Received]:
        """Give what came between two instants, in order."""
        bodies: Iterator[_Received] = self._each(lambda: stored_bodies(since, until))
        unlinked: Iterator[_Received] = self._each(lambda: unlinked_messages(since, until))
        yield from merge(bodies, unlinked, key=lambda each: each.received_at)

    def lived(self, since: datetime, until: datetime) -> Iterator[Sequence[Lived]]:
        """Give what became of the messages that came between two instants, by pages."""
        yield from self._each(lambda: lived_between(since, until))

    def opted_out(self, before: datetime) -> Iterator[tuple[ContactKey, datetime]]:
        """Give who opted out before an instant, and when."""
        yield from self._each(lambda: opted_out_before(before))

    def ours(self, mids: Sequence[str]) -> set[tuple[str, str]]:
        """Tell which of these messages Moca sent, by account and mid."""
        with self._bound():
            return mids_of_ours(mids)

    def name_of(self, contact: ContactKey) -> str | None:
        """Tell what a contact calls itself; None where nobody knows."""
        with self._bound():
            return name_of(contact)

    def _each(self, read: Callable[[], Iterator[T]]) -> Iterator[T]:
        rows: Iterator[T] | None = None
        while True:
            # Only while a row is read: between two of them the tables are the other database's.
            with self._bound():
                rows = read() if rows is None else rows
                row = next(rows, None)
            if row is None:
                return
            yield row

    def _bound(self) -> Any:
        return self._database.bind_ctx(_TABLES, bind_refs=False, bind_backrefs=False)


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
