from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.reply_window import ReplyWindow, window_at
from moca.core.types import ConversationStatus
from moca.core.work_lists import WorkList, work_list_of
from moca.storage.db.tables import IS_CURRENT, IS_HELD, Contact, Conversation
from moca.storage.queries.conversations import (
    comes_after,
    conversation_rows,
    has_status,
    records_of,
)
from moca.storage.queries.labels import (
    LATEST_OF_LABEL,
    comes_after_of_label,
    has_label,
    keys_with_label,
    with_label,
)
from moca.storage.queries.last_messages import ContactWords, LastReply, last_replies, last_words
from moca.storage.queries.pagination import Key, Page, instant_of, microseconds_of
from moca.storage.queries.records import ConversationRecord
from moca.storage.queries.team.account_scope import narrow
from moca.storage.queries.team.mentions import has_unseen_mention

LOOKED_AT = 5_000
"""How many conversations are searched per page; if they match too few, the next page continues."""
LOOKED_AT_LIMITED = 20_000
"""The same for a reader who is limited to accounts, which may have few of the latest."""
MAX_COUNT = 100

_KEYS = (Conversation.id, Conversation.last_activity_at, Conversation.needs_reply_since)

_LATEST_FIRST = (Conversation.last_activity_at.desc(), Conversation.id.desc())
_OLDEST_FIRST = (Conversation.needs_reply_since, Conversation.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """Which conversations an inbox shows."""

    work_list: WorkList | None = WorkList.ALL_OPEN
    """None for every conversation, also those that are snoozed or closed."""
    also: tuple[WorkList, ...] = ()
    """Further lists in which all of them are."""
    account_id: str | None = None
    """None for all accounts in scope."""
    scope: AccountScope = ALL_ACCOUNTS
    operator_id: int | None = None
    """Whose conversations *Mine* and *Mentions* list; None lists none."""
    label_id: int | None = None
    """None for all, with and without labels."""
    label_ids: tuple[int, ...] = ()
    """Further labels that all of them have."""

    @property
    def is_by_label(self) -> bool:
        """Whether it is read in the order of the label's index, as that has no other list's."""
        return self.label_id is not None and self.work_list is not WorkList.NEEDS_REPLY

    @property
    def looked_at(self) -> int:
        """How many conversations are searched per page."""
        return LOOKED_AT_LIMITED if self.scope.is_limited else LOOKED_AT

    def by_index(self) -> "InboxFilter":
        """Return the same filter, read from the index of one of its lists or labels."""
        label_id = next(iter(self.label_ids), self.label_id)
        indexed = next((each for each in self.also if each in _HAS_INDEX), None)
        return replace(self, work_list=indexed or self.work_list, label_id=label_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A conversation as listed in the inbox."""

    conversation: ConversationRecord
    status: ConversationStatus
    """An expired hold counts as open."""
    work_list: WorkList
    window: ReplyWindow
    is_unread: bool
    words: ContactWords | None
    """What the contact wrote last."""
    reply: LastReply | None
    """The account's latest message, if it came after the contact's."""
    picture_url: str | None
    """Instagram's own address of the contact's picture, which may have expired."""


def list_inbox(
    wanted: InboxFilter, at: datetime, *, limit: int, after: Key | None = None
) -> Page[InboxRow]:
    """Return conversations, most recently active first, searching at most `looked_at`.

    Those that need a reply come in the order in which they began to wait. A page may be short, or
    empty, and still have a next one.
    """
    order = _order(wanted)
    keys = _keys(wanted).dicts()
    rows_of_page = conversation_rows(Contact.window_opened_at, Contact.picture_url)
    query = narrow(_indexed(wanted, rows_of_page), wanted.scope)
    if after is not None:
        keys, query = (each.where(_is_after(wanted, *after)) for each in (keys, query))
    edge = list(keys.order_by(*order).offset(wanted.looked_at - 1).limit(2))
    end = _key(wanted.work_list, edge[0]) if len(edge) > 1 else None
    query = _matching(query, wanted, at)
    if end is not None:
        query = query.where(_is_up_to(wanted, *end))
    rows = list(query.order_by(*order).limit(limit + 1))
    shown = rows[:limit]
    ids = [row["id"] for row in shown]
    words, replies = last_words(ids), last_replies(ids)
    items = tuple(
        _row(row, record, words.get(record.id), replies.get(record.id), at)
        for row, record in zip(shown, records_of(shown), strict=True)
    )
    return Page(items, _key(wanted.work_list, shown[-1]) if len(rows) > limit else end)


def count_inbox(wanted: InboxFilter, at: datetime) -> int:
    """Return how many of the first `looked_at` conversations match, up to `MAX_COUNT`."""
    first = _keys(wanted).order_by(*_order(wanted)).limit(wanted.looked_at).alias("first")
    found: Any = Conversation.select(Conversation.id).join(
        first, on=(Conversation.id == first.c.id)
    )
    if wanted.account_id is not None or wanted.scope.is_limited:
        found = narrow(found.switch(Conversation).join(Contact), wanted.scope)
    return int(_matching(found, wanted, at).limit(MAX_COUNT).count())


def latest_needing_reply(
    at: datetime, *, limit: int, scope: AccountScope = ALL_ACCOUNTS
) -> tuple[ConversationRecord, ...]:
    """Return the conversations that came to need a reply last, latest first."""
    wanted = InboxFilter(work_list=WorkList.NEEDS_REPLY)
    query = _matching(_indexed(wanted, narrow(conversation_rows(), scope)), wanted, at)
    latest = (Conversation.needs_reply_since.desc(), Conversation.id.desc())
    return records_of(query.order_by(*latest).limit(limit))


def _order(wanted: InboxFilter) -> tuple[Any, ...]:
    if wanted.is_by_label:
        return LATEST_OF_LABEL
    return _OLDEST_FIRST if wanted.work_list is WorkList.NEEDS_REPLY else _LATEST_FIRST


def _is_after(wanted: InboxFilter, at_us: int, conversation_id: int) -> Any:
    if wanted.is_by_label:
        return comes_after_of_label(at_us, conversation_id)
    if wanted.work_list is not WorkList.NEEDS_REPLY:
        return comes_after(at_us, conversation_id)
    since, at = Conversation.needs_reply_since, instant_of(at_us)
    return (since > at) | ((since == at) & (Conversation.id > conversation_id))


def _keys(wanted: InboxFilter) -> Any:
    """Return the query for the keys of the list's index, without what only rows show."""
    if wanted.label_id is not None and wanted.is_by_label:
        return keys_with_label(wanted.label_id)
    return _indexed(wanted, Conversation.select(*_KEYS))


def _is_up_to(wanted: InboxFilter, at_us: int, conversation_id: int) -> Any:
    # The bound lets the index end at the key, which a negation does not.
    at, order = instant_of(at_us), _order(wanted)[0]
    is_oldest_first = wanted.work_list is WorkList.NEEDS_REPLY
    bound = Conversation.needs_reply_since <= at if is_oldest_first else order.node >= at
    return bound & ~_is_after(wanted, at_us, conversation_id)


def _key(work_list: WorkList | None, row: dict[str, Any]) -> Key:
    needs_reply = work_list is WorkList.NEEDS_REPLY
    at = row["needs_reply_since"] if needs_reply else row["last_activity_at"]
    return (microseconds_of(at), row["id"])


_NEEDS_REPLY = Conversation.needs_reply_since.is_null(is_null=False)
_WAS_SNOOZED = Conversation.snoozed_at.is_null(is_null=False)
_HEARD_AT = Conversation.last_user_message_at
_INDEXED = {
    WorkList.NEEDS_REPLY: _NEEDS_REPLY,
    WorkList.WAITING_FOR_CONTACT: IS_HELD,
    WorkList.SNOOZED: _WAS_SNOOZED,
    WorkList.CLOSED: has_status(ConversationStatus.CLOSED),
}
_HAS_INDEX = (*_INDEXED, WorkList.MINE, WorkList.MENTIONS)
_IS_ASSIGNED = Conversation.assignee_id.is_null(is_null=False)
_IS_OPEN = Conversation.status != ConversationStatus.CLOSED
_IS_UNREAD = Conversation.last_user_message_at.is_null(is_null=False) & (
    Conversation.read_at.is_null() | (Conversation.read_at < Conversation.last_user_message_at)
)


def _indexed(wanted: InboxFilter, query: Any) -> Any:
    """Narrow a query to the rows of the index that has the list's order."""
    if wanted.label_id is not None and wanted.is_by_label:
        return with_label(query, wanted.label_id)
    if wanted.work_list is WorkList.MINE:
        return query.where(Conversation.assignee_id == wanted.operator_id, _IS_ASSIGNED, IS_CURRENT)
    if wanted.work_list is WorkList.MENTIONS:
        return query.where(has_unseen_mention(wanted.operator_id))
    condition = None if wanted.work_list is None else _INDEXED.get(wanted.work_list)
    return query if condition is None else query.where(condition)


def _matching(query: Any, wanted: InboxFilter, at: datetime) -> Any:
    conditions = conditions_of(wanted, at)
    return query.where(*conditions) if conditions else query


def conditions_of(wanted: InboxFilter, at: datetime) -> tuple[Any, ...]:
    """Return the conditions on `Conversation`, and with an account on `Contact`."""
    lists = (*wanted.also, *([wanted.work_list] if wanted.work_list else ()))
    conditions = [each for name in lists for each in _of_list(name, wanted.operator_id, at)]
    conditions += map(has_label, wanted.label_ids)
    if wanted.account_id is not None:
        conditions.append(Contact.account_id == wanted.account_id)
    if wanted.label_id is not None and not wanted.is_by_label:
        conditions.append(has_label(wanted.label_id))
    return tuple(conditions)


def _of_list(work_list: WorkList, operator_id: int | None, at: datetime) -> tuple[Any, ...]:
    """Return the conditions of a work list, the same as of `work_list_of`."""
    is_held = IS_HELD & (Conversation.held_until.is_null() | (Conversation.held_until > at))
    is_snoozed = (
        _WAS_SNOOZED
        & (Conversation.snoozed_until.is_null() | (Conversation.snoozed_until > at))
        & (_HEARD_AT.is_null() | (Conversation.snoozed_at >= _HEARD_AT))
    )
    is_seen = _IS_OPEN & ~is_snoozed
    of_lists: dict[WorkList, tuple[Any, ...]] = {
        WorkList.NEEDS_REPLY: (is_seen, _NEEDS_REPLY),
        WorkList.WAITING_FOR_CONTACT: (is_held, is_seen, ~_NEEDS_REPLY),
        WorkList.WITH_BOT: (is_seen, ~is_held, ~_NEEDS_REPLY),
        WorkList.MINE: (is_seen, _IS_ASSIGNED, Conversation.assignee_id == operator_id),
        WorkList.MENTIONS: (has_unseen_mention(operator_id),),
        WorkList.UNASSIGNED: (is_seen, ~_IS_ASSIGNED),
        WorkList.UNREAD: (_IS_UNREAD,),
        WorkList.SNOOZED: (_IS_OPEN, is_snoozed),
        WorkList.CLOSED: (~_IS_OPEN,),
        WorkList.ALL_OPEN: (is_seen,),
    }
    return of_lists[work_list]


def _row(
    row: dict[str, Any],
    record: ConversationRecord,
    words: ContactWords | None,
    reply: LastReply | None,
    at: datetime,
) -> InboxRow:
    heard_at, read_at, status = record.last_user_message_at, row["read_at"], record.status_at(at)
    is_newer = reply is not None and (words is None or reply.message_id > words.message_id)
    return InboxRow(
        conversation=record,
        status=status,
        work_list=work_list_of(
            status, record.needs_reply_since, is_snoozed=record.is_snoozed_at(at)
        ),
        window=window_at(row["window_opened_at"], at),
        is_unread=heard_at is not None and (read_at is None or read_at < heard_at),
        words=words,
        reply=reply if is_newer else None,
        picture_url=row["picture_url"],
    )
