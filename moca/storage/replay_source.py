from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from heapq import merge
from typing import Any, TypeVar

import peewee

from moca.core.replay_comparison import RecordedMessage
from moca.core.types import ContactKey
from moca.storage.bots.published import PublishedBot, bots_of_accounts, published_bots
from moca.storage.db.bot_tables import AccountBot, StoredBotVersion
from moca.storage.db.bulk import Insertion
from moca.storage.db.connection import open_to_read
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, Webhook
from moca.storage.queries.replay import (
    StoredBody,
    UnlinkedMessage,
    mids_of_ours,
    name_of,
    opted_out_before,
    stored_bodies,
    unlinked_messages,
)
from moca.storage.queries.replay_outcomes import recorded_between

_TABLES = (Webhook, Contact, Conversation, Message, JourneyStep, StoredBotVersion, AccountBot)

T = TypeVar("T")
_Received = StoredBody | UnlinkedMessage


class ReplaySource:
    """A database opened read-only while Moca's tables are bound to another one."""

    def __init__(self, database: peewee.Database) -> None:
        self._database: Any = database

    @classmethod
    @contextmanager
    def opened(cls, url: str) -> Iterator["ReplaySource"]:
        """Open the database at this URL for reading, on this thread.

        Raises:
            ValueError: the URL names a database of another kind.
            peewee.OperationalError: there is no such database.
        """
        database = open_to_read(url)
        try:
            yield cls(database)
        finally:
            database.close()

    def received(self, since: datetime, until: datetime) -> Iterator[_Received]:
        """Yield webhook bodies and unlinked messages received between two instants, in order."""
        bodies: Iterator[_Received] = self._each(lambda: stored_bodies(since, until))
        unlinked: Iterator[_Received] = self._each(lambda: unlinked_messages(since, until))
        yield from merge(bodies, unlinked, key=lambda each: each.received_at)

    def recorded_messages(
        self, since: datetime, until: datetime
    ) -> Iterator[Sequence[RecordedMessage]]:
        """Yield the messages received between two instants with their outcomes, by pages."""
        yield from self._each(lambda: recorded_between(since, until))

    def opted_out(self, before: datetime) -> Iterator[tuple[ContactKey, datetime]]:
        """Yield the contacts who opted out before an instant, and when."""
        yield from self._each(lambda: opted_out_before(before))

    def ours(self, mids: Sequence[str]) -> set[tuple[str, str]]:
        """Return which of these messages Moca sent, by account and mid."""
        with self._bound():
            return mids_of_ours(mids)

    def published(self) -> tuple[dict[str, PublishedBot], dict[str, str]]:
        """Return the published bots by name, and the names of the accounts' bots.

        Both are empty for a database from before there were bots.
        """
        if not self._database.table_exists("bot_version"):
            return {}, {}
        with self._bound():
            return published_bots(), bots_of_accounts()

    def name_of(self, contact: ContactKey) -> str | None:
        """Return a contact's name; None if unknown."""
        with self._bound():
            return name_of(contact)

    def _each(self, read: Callable[[], Iterator[T]]) -> Iterator[T]:
        rows: Iterator[T] | None = None
        while True:
            # Only while a row is read: in between, the tables are bound to the other database.
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
    """Insert the contacts who have opted out into a new database."""
    _CONTACTS.quietly((*contact, at, at, at, 0) for contact, at in contacts)
