import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from peewee import fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.feed import FeedKind
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.rows import read_dicts
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.messages import full_rows, record_of
from moca.storage.queries.records import ContactName, MessageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEventRecord:
    """An event of the feed, with the rows it refers to as they are now."""

    id: int
    kind: FeedKind
    at: datetime
    account_id: str | None
    conversation_id: int | None
    contact_id: int | None
    contact: ContactName | None
    """None once it was erased; without texts, it has no name."""
    message_id: int | None
    message: MessageRecord | None
    """None once it was erased; without texts, it has none."""
    detail: dict[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A part of the feed, oldest first, and the id after which it continues."""

    items: tuple[FeedEventRecord, ...]
    next_id: int


class EventList(NamedTuple):
    """Rows of the feed, oldest first, without what they refer to, and the id after them."""

    rows: Sequence[dict[str, Any]]
    next_id: int


class FeedExpired(Exception):  # noqa: N818 - the name states the error
    """Raised if events after a cursor have been deleted by retention."""


def last_feed_id() -> int:
    """Return the id of the feed's last event; 0 if there is none."""
    return StoredFeedEvent.select(fn.MAX(StoredFeedEvent.id)).scalar() or 0


def read_feed(
    *,
    after: int,
    limit: int,
    kinds: Collection[FeedKind] = (),
    has_texts: bool = False,
    scope: AccountScope = ALL_ACCOUNTS,
) -> FeedPage:
    """Return the events after an id, in the order in which they were committed.

    Nothing is committed later under an id that a reader has passed: one writer writes the feed,
    or several nodes in turns, each under a lock that is held from before its first id until its
    commit is visible. The last id is read first, so that the rows up to it are all there.

    Args:
        after: The id of the last event read; 0 starts with the oldest one kept.
        limit: How many events at most.
        kinds: Which events are read; empty for all.
        has_texts: Whether messages come with their content and contacts with their names.
        scope: With a limit, no event is read that concerns all accounts. Events of erased contacts
            are left out, but for the erasure itself.

    Raises:
        FeedExpired: Events after this id have been deleted.
    """
    listed = list_events(after=after, limit=limit, kinds=kinds)
    found = _records(listed.rows, has_texts=has_texts)
    if scope.is_limited:
        found = [each for each in found if _is_in(scope, each)]
    return FeedPage(tuple(found), listed.next_id)


def list_events(*, after: int, limit: int, kinds: Collection[FeedKind] = ()) -> EventList:
    """Return the events after an id as `read_feed` does, but read nothing that they refer to.

    Raises:
        FeedExpired: Events after this id have been deleted.
    """
    last = last_feed_id()
    if after and not StoredFeedEvent.select().where(StoredFeedEvent.id <= after).exists():
        raise FeedExpired
    is_wanted = (StoredFeedEvent.id > after) & (StoredFeedEvent.id <= last)
    if kinds:
        is_wanted &= StoredFeedEvent.kind << sorted(kinds)
    query = StoredFeedEvent.select().where(is_wanted).order_by(StoredFeedEvent.id).limit(limit)
    rows = list(read_dicts(query))
    return EventList(rows, rows[-1]["id"] if len(rows) == limit else max(after, last))


def read_event(event_id: int, *, has_texts: bool) -> FeedEventRecord | None:
    """Return an event by its id; None if the feed does not have it any more."""
    rows = list(read_dicts(StoredFeedEvent.select().where(StoredFeedEvent.id == event_id)))
    return next(iter(_records(rows, has_texts=has_texts)), None)


def _is_in(scope: AccountScope, event: FeedEventRecord) -> bool:
    # Earlier versions did not store of which account an erased contact was.
    is_of_any = event.kind is FeedKind.CONTACT_ERASED and event.account_id is None
    return is_of_any or scope.includes(event.account_id)


def _records(rows: Sequence[dict[str, Any]], *, has_texts: bool) -> list[FeedEventRecord]:
    messages = _messages({row["message_id"] for row in rows if row["message_id"]})
    conversation_ids = {row["conversation_id"] for row in rows if row["conversation_id"]}
    contacts = _contacts(
        conversation_ids | {message.conversation_id for message in messages.values()}
    )
    records = []
    for row in rows:
        message = messages.get(row["message_id"])
        conversation_id = message.conversation_id if message else row["conversation_id"]
        contact_id, contact = contacts.get(conversation_id, (None, None))
        detail = json.loads(row["detail"]) if row["detail"] else {}
        if contact and not has_texts:
            contact = replace(contact, name=None, username=None)
            message = message and replace(message, text="", content=None, contact=contact)
        records.append(
            FeedEventRecord(
                id=row["id"],
                kind=FeedKind(row["kind"]),
                at=row["at"],
                account_id=row["account_id"] or (contact.account_id if contact else None),
                conversation_id=conversation_id,
                contact_id=detail.pop("contact_id", contact_id),
                contact=contact,
                message_id=row["message_id"],
                message=message,
                detail=detail,
            )
        )
    return records


def _messages(ids: Collection[int]) -> dict[int, MessageRecord]:
    query = full_rows().where(Message.id << sorted(ids)) if ids else ()
    return {row["id"]: record_of(row) for row in query}


def _contacts(ids: Collection[int]) -> dict[int, tuple[int, ContactName]]:
    if not ids:
        return {}
    columns = (Contact.account_id, Contact.psid, Contact.name, Contact.username)
    query = Conversation.select(Conversation.id, Conversation.contact, *columns).join(Contact)
    rows = read_dicts(query.where(Conversation.id << sorted(ids)))
    return {row["id"]: (row["contact"], ContactName.of(row)) for row in rows}
