from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.search_query import InvalidSearch, SearchQuery, start_of
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.conversations import conversation_rows, records_of
from moca.storage.queries.inbox import InboxFilter, conditions_of, list_inbox
from moca.storage.queries.labels import find_label_named
from moca.storage.queries.messages import messages_where
from moca.storage.queries.pagination import Key
from moca.storage.queries.records import ConversationRecord, MessageRecord
from moca.storage.queries.team.account_scope import narrow, scope_conditions
from moca.storage.search.index import indexed_percent
from moca.storage.search.messages import MessageSearch, contacts_with, find_messages

_CONVERSATIONS_SHOWN = 12
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReader:
    """Who searches, and when."""

    at: datetime
    zone: tzinfo
    """Whose days `before:` and `after:` mean."""
    operator_id: int | None = None
    name: str = ""
    """Who `from:me` is."""
    scope: AccountScope = ALL_ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    """The results of a search; both kinds latest first."""

    conversations: tuple[ConversationRecord, ...]
    messages: tuple[MessageRecord, ...] = ()
    next_key: Key | None
    """Where the next page begins: with the last message's id, or with a conversation's key."""
    indexed_percent: int = 100
    """How much of the messages is indexed, and so can be found."""


def key_parts(query: SearchQuery) -> int:
    """Return of how many numbers the keys of a search's pages consist."""
    return 1 if query.is_about_messages else 2


def search(
    query: SearchQuery, reader: SearchReader, *, limit: int, after: Key | None = None
) -> SearchResults:
    """Return the messages that a search finds, and at first the contacts; or the conversations.

    Contacts are found by name, by handle, and by the start of their id.

    Raises:
        InvalidSearch: no label has a name in it.
    """
    label_ids = tuple(map(_label_id, query.labels))
    wanted = InboxFilter(
        work_list=None,
        also=query.lists,
        label_ids=label_ids,
        operator_id=reader.operator_id,
        scope=reader.scope,
    )
    if not query.is_about_messages:
        page = list_inbox(wanted.by_index(), reader.at, limit=limit, after=after)
        found = tuple(row.conversation for row in page.items)
        return SearchResults(conversations=found, next_key=page.next_key)
    if query.words and not query.terms:
        return SearchResults(conversations=(), next_key=None)
    conditions = conditions_of(wanted, reader.at)
    ids, following = find_messages(
        MessageSearch(
            terms=query.terms,
            senders=query.senders,
            own_name=reader.name,
            since=start_of(query.after, reader.zone),
            until=start_of(query.before, reader.zone),
            conditions=(*conditions, *scope_conditions(reader.scope, Message.account_id)),
            scope=reader.scope,
        ),
        limit=limit,
        before_id=None if after is None else after[0],
    )
    return SearchResults(
        conversations=() if after else _conversations(query, conditions, reader.scope),
        messages=messages_where(Message.id << ids, limit) if ids else (),
        next_key=None if following is None else (following,),
        indexed_percent=indexed_percent(),
    )


def _label_id(name: str) -> int:
    label = find_label_named(name)
    if label is None:
        raise InvalidSearch(f"No label is named “{name}”.")
    return label.id


def _conversations(
    query: SearchQuery, conditions: Iterable[Any], scope: AccountScope
) -> tuple[ConversationRecord, ...]:
    if query.senders or query.after or query.before:
        return ()
    named = contacts_with(query.terms, scope, limit=_CONVERSATIONS_SHOWN)
    ids = {*named, *_by_psid(query.words, scope)}
    if not ids:
        return ()
    rows = read_dicts(
        conversation_rows()
        .where(Conversation.contact << sorted(ids), *conditions)
        .order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
        .limit(_CONVERSATIONS_SHOWN * 4)
    )
    latest: dict[tuple[str, str], ConversationRecord] = {}
    for each in records_of(rows):
        latest.setdefault((each.contact.account_id, each.contact.psid), each)
    return tuple(latest.values())[:_CONVERSATIONS_SHOWN]


def _by_psid(words: str, scope: AccountScope) -> set[int]:
    begins = (Contact.psid >= words) & (Contact.psid < words + _LAST)
    query = narrow(Contact.select(Contact.id).where(begins), scope)
    return {row for (row,) in read_rows(query.limit(_CONVERSATIONS_SHOWN))}
