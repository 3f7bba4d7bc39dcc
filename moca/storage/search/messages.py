from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.content.search_words import SearchTerm, matches_all, search_terms
from moca.core.types import TEAMMATES, Author, Role
from moca.storage.db.rows import read_rows
from moca.storage.db.scan import last_id_before
from moca.storage.db.statements import is_among
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.team.account_scope import narrow
from moca.storage.search.lookup import ids_with

LOOKED_AT = 2_000
"""How many messages with the words one page of a search looks at; the next one continues."""

RARE = 500
"""Words in fewer messages than this are rare: all of these are looked through for a contact's."""

_FIRST_CHUNK, _MAX_CHUNK = 100, 500
"""How many of them at a time: few at first, as most searches end there."""
_MAX_CONTACTS = 50
_MAX_CONVERSATIONS = 100
_NO_ID = 2**63 - 1
_IN_ONE = """SELECT "id", "text" FROM "message"
    WHERE "conversation_id" = ? AND "id" > ? AND "id" < ? AND "role" = 'user'"""
_IN_EACH = """SELECT latest."id", latest."text" FROM unnest(%s::bigint[]) AS conversation ("id")
    CROSS JOIN LATERAL (SELECT "id", "text" FROM "message"
        WHERE "conversation_id" = conversation."id" AND "id" > %s AND "id" < %s AND "role" = 'user'
        ORDER BY "id" DESC LIMIT %s) AS latest
    ORDER BY 1 DESC LIMIT %s"""
_AUTHORS = {"bot": (Author.BOT,), "team": TEAMMATES}
_ME = "me"

_Read = Callable[[int | None, int], tuple[Sequence[int], int | None]]
"""Returns the ids of the latest messages before an id, with the id before which to continue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """Which messages to find; all conditions together."""

    terms: tuple[SearchTerm, ...]
    senders: tuple[str, ...] = ()
    """Contacts by name, handle or id; `me`, `bot` or `team`."""
    own_name: str = ""
    """Who `me` is: an operator's name."""
    since: datetime | None = None
    until: datetime | None = None
    conditions: tuple[Any, ...] = ()
    """More of them, on `Message` and `Conversation`."""
    scope: AccountScope = ALL_ACCOUNTS
    """In which contacts are found; messages are by the conditions."""


def find_messages(
    wanted: MessageSearch, *, limit: int, before_id: int | None = None
) -> tuple[list[int], int | None]:
    """Return the ids of the latest messages, latest first, and the id before which to continue.

    There may be none of them and still an id to continue from: a page looks at `LOOKED_AT`.
    """
    after_id = 0 if wanted.since is None else last_id_before(Message.created_at, wanted.since)
    if wanted.until is not None:
        end = last_id_before(Message.created_at, wanted.until) + 1
        before_id = end if before_id is None else min(before_id, end)
    read, conditions = _source(wanted, after_id, before_id)
    found: list[int] = []
    is_narrowed = conditions or (wanted.senders and wanted.terms)
    looked_at, chunk = 0, max(_FIRST_CHUNK, limit) if is_narrowed else limit + 1
    while True:
        ids, following = read(before_id, chunk)
        found += _that_meet(ids, conditions)
        if len(found) > limit:
            return found[:limit], found[limit - 1]
        looked_at += chunk
        if following is None or looked_at >= LOOKED_AT:
            return found, following
        before_id, chunk = following, min(2 * chunk, _MAX_CHUNK)


def _source(
    wanted: MessageSearch, after_id: int, before_id: int | None
) -> tuple[_Read, tuple[Any, ...]]:
    read = _with_words(wanted.terms, after_id)
    if not wanted.senders:
        return read, wanted.conditions
    contact_ids = contacts_named(wanted.senders, wanted.scope)
    authored = [_by_author(each, wanted.own_name) for each in wanted.senders]
    others = [each for each in authored if each is not None]
    if not others:
        rare = _rare_ids(wanted.terms, after_id, before_id)
        if rare is None:
            return _of_contacts(contact_ids, wanted.terms, after_id), wanted.conditions
        read = _listed(rare)
    by_any = (Conversation.contact << contact_ids) & (Message.role == Role.USER.value)
    for each in others:
        by_any |= each
    return read, (by_any, *wanted.conditions)


def _rare_ids(
    terms: tuple[SearchTerm, ...], after_id: int, before_id: int | None
) -> list[int] | None:
    """Return the ids of all messages with rare words, latest first; None if they are not rare."""
    if not terms:
        return None
    ids = ids_with("message", terms, limit=RARE, after_id=after_id, before_id=before_id)
    return ids if len(ids) < RARE else None


def contacts_named(names: Sequence[str], scope: AccountScope = ALL_ACCOUNTS) -> list[int]:
    """Return the ids of contacts with one of these names, handles or ids, latest first."""
    ids: list[int] = []
    for name in names:
        query = narrow(Contact.select(Contact.id).where(Contact.psid == name), scope)
        ids += [contact_id for (contact_id,) in read_rows(query.limit(_MAX_CONTACTS))]
        ids += contacts_with(search_terms(name), scope, limit=_MAX_CONTACTS)
    return list(dict.fromkeys(ids))[:_MAX_CONTACTS]


def contacts_with(terms: Sequence[SearchTerm], scope: AccountScope, *, limit: int) -> list[int]:
    """Return the ids of the latest contacts in scope whose name matches all terms, latest first."""
    if not scope.is_limited:
        return ids_with("contact", terms, limit=limit)
    ids = ids_with("contact", terms, limit=LOOKED_AT)
    query = narrow(Contact.select(Contact.id).where(is_among(Contact.id, ids)), scope)
    found = {contact_id for (contact_id,) in read_rows(query)} if ids else set()
    return [each for each in ids if each in found][:limit]


def _by_author(sender: str, own_name: str) -> Any:
    if sender.lower() == _ME:
        return (Message.author == Author.OPERATOR.value) & (Message.author_name == own_name)
    authors = _AUTHORS.get(sender.lower())
    return None if authors is None else Message.author << [each.value for each in authors]


def _that_meet(ids: Sequence[int], conditions: tuple[Any, ...]) -> Sequence[int]:
    if not conditions or not ids:
        return ids
    query = Message.select(Message.id).join(Conversation)
    rows = read_rows(query.where(is_among(Message.id, ids), *conditions))
    return sorted((row_id for (row_id,) in rows), reverse=True)


def _with_words(terms: tuple[SearchTerm, ...], after_id: int) -> _Read:
    def read(before_id: int | None, number: int) -> tuple[Sequence[int], int | None]:
        if terms:
            ids = ids_with("message", terms, limit=number, after_id=after_id, before_id=before_id)
        else:
            ids = _latest(Message.id > after_id, before_id, number)
        return ids, ids[-1] if len(ids) == number else None

    return read


def _listed(ids: Sequence[int]) -> _Read:
    def read(before_id: int | None, number: int) -> tuple[Sequence[int], int | None]:
        earlier = ids if before_id is None else [each for each in ids if each < before_id]
        page = earlier[:number]
        return page, page[-1] if len(page) == number else None

    return read


def _of_contacts(contact_ids: list[int], terms: tuple[SearchTerm, ...], after_id: int) -> _Read:
    """Return how to read what contacts wrote: for them, that is less than all with the words."""
    query = Conversation.select(Conversation.id).where(Conversation.contact << contact_ids)
    latest = query.order_by(Conversation.last_activity_at.desc()).limit(_MAX_CONVERSATIONS)
    conversations = [row_id for (row_id,) in read_rows(latest)] if contact_ids else []

    def read(before_id: int | None, number: int) -> tuple[Sequence[int], int | None]:
        newest = _latest_of(conversations, after_id, before_id, number)
        following = newest[-1][0] if len(newest) == number else None
        return [row_id for row_id, text in newest if matches_all(text, terms)], following

    return read


def _latest(which: Any, before_id: int | None, number: int) -> list[int]:
    query = Message.select(Message.id).where(which)
    if before_id is not None:
        query = query.where(Message.id < before_id)
    return [row_id for (row_id,) in read_rows(query.order_by(Message.id.desc()).limit(number))]


def _latest_of(
    conversations: Sequence[int], after_id: int, before_id: int | None, number: int
) -> list[tuple[int, str]]:
    """Return the latest messages of contacts in several conversations, with their texts.

    Each conversation is read from its own index range, as far as the latest of all of them need it:
    one range for all would sort all that was ever written there.
    """
    if not conversations:
        return []
    database: Any = Message._meta.database  # noqa: SLF001
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    before = _NO_ID if before_id is None else before_id
    if is_sqlite:
        sql = f"{' UNION ALL '.join([_IN_ONE] * len(conversations))} ORDER BY 1 DESC LIMIT ?"
        values = [each for one in conversations for each in (one, after_id, before)]
        return list(database.execute_sql(sql, (*values, number)).fetchall())
    limits = (after_id, before, number, number)
    return list(database.execute_sql(_IN_EACH, (list(conversations), *limits)).fetchall())
