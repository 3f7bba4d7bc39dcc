from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import peewee
from peewee import JOIN, SQL, fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.metrics import Metric
from moca.core.types import ConversationStatus, ItemStatus, Outcome, Role
from moca.storage.db.metric_tables import AccountMetric, MinuteMetric
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_NOT_OPEN, Account, Contact, Conversation, Message, QueueItem
from moca.storage.queries.pagination import instant_of
from moca.storage.queries.queue import count_queue
from moca.storage.queries.team.account_scope import narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """The time from receiving a message to sending its reply."""

    count: int
    p50: timedelta | None
    p99: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsRecord:
    """The current statistics; outcomes and latencies cover the latest messages only."""

    queue: Mapping[ItemStatus, int]
    conversations: Mapping[ConversationStatus, int]
    latest: int
    """The number of contacts' messages that outcomes are counted over."""
    outcomes: Mapping[Outcome, int]
    open: int
    """The number of those without an outcome yet."""
    replies: Latencies


def read_stats(*, latest: int, scope: AccountScope = ALL_ACCOUNTS) -> StatsRecord:
    """Return statistics; outcomes and latencies cover the last `latest` messages of contacts."""
    rows = _latest_messages(latest, scope)
    counted = Counter(outcome for outcome, _, _ in rows)
    spans = sorted(sent - received for _, received, sent in rows if sent is not None)
    return StatsRecord(
        queue=count_queue(scope),
        conversations=_count_conversations(scope),
        latest=len(rows),
        outcomes={outcome: counted[outcome] for outcome in Outcome},
        open=counted[None],
        replies=_latencies(spans),
    )


def _latest_messages(limit: int, scope: AccountScope) -> list[tuple[Any, ...]]:
    reply = Message.alias()
    query = (
        Message.select(Message.outcome, Message.created_at, reply.sent_at)
        .join(reply, JOIN.LEFT_OUTER, on=(Message.reply == reply.id))
        .where(Message.role == Role.USER)
    )
    latest = narrow(query, scope, Message.account_id).order_by(Message.id.desc())
    return list(read_rows(latest.limit(limit)))


def _count_conversations(scope: AccountScope) -> Mapping[ConversationStatus, int]:
    columns = (Conversation.status, fn.COUNT(Conversation.id))
    held, everything = Conversation.select(*columns).where(IS_NOT_OPEN), Conversation.select()
    if scope.is_limited:
        held, everything = (narrow(each.join(Contact), scope) for each in (held, everything))
    query = held.group_by(Conversation.status)
    found = {ConversationStatus(status): count for status, count in read_rows(query)}
    # Without a limit, both counts read only an index, not the rows.
    found[ConversationStatus.OPEN] = everything.count() - sum(found.values())
    return {status: found.get(status, 0) for status in ConversationStatus}


def _latencies(spans: list[timedelta]) -> Latencies:
    if not spans:
        return Latencies(count=0, p50=None, p99=None, longest=None)
    return Latencies(
        count=len(spans), p50=_nth(spans, 0.50), p99=_nth(spans, 0.99), longest=spans[-1]
    )


def _nth(spans: list[timedelta], share: float) -> timedelta:
    return spans[ceil(share * len(spans)) - 1]


_MAX_LATENCIES = 20_000
_MICROSECOND = timedelta(microseconds=1)


def list_metrics(
    since: datetime,
    width: timedelta = timedelta(minutes=1),
    scope: AccountScope = ALL_ACCOUNTS,
) -> tuple[Metric, ...]:
    """Return metrics since an instant, oldest first, summed over spans of whole minutes.

    Spans begin at multiples of their width since 1970.

    Args:
        since: The beginning of the first minute.
        width: The length of a span.
        scope: With a limit, only what is counted by account is there, summed over those in scope.
    """
    table = AccountMetric if scope.is_limited else MinuteMetric
    span = SQL(f'"minute" / {width // _MICROSECOND}')
    columns = (
        span.alias("span"),
        table.name,
        fn.SUM(table.count),
        fn.SUM(table.total),
        fn.MAX(table.longest),
    )
    query = narrow(
        table.select(*columns).where(table.minute >= since), scope, AccountMetric.account_id
    )
    rows = query.group_by(span, table.name).order_by(span, table.name)
    return tuple(_metric(width, *row) for row in read_rows(rows.limit(_MAX_LATENCIES)))


def _metric(width: timedelta, span: int, name: str, *numbers: int) -> Metric:
    count, total, longest = map(int, numbers)
    return Metric(
        minute=instant_of(span * (width // _MICROSECOND)),
        name=name,
        count=count,
        total=total * _MICROSECOND,
        longest=longest * _MICROSECOND,
    )


def database_bytes(database: peewee.Database) -> tuple[int | None, int | None]:
    """Return the size of a database and of SQLite's write-ahead log in bytes; None if unknown."""
    if isinstance(database, peewee.SqliteDatabase):
        path = str(database.database)
        return _length(path), _length(f"{path}-wal") or 0
    connected: Any = database
    ((size,),) = connected.execute_sql("SELECT pg_database_size(current_database())").fetchall()
    return int(size), None


def _length(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSteps:
    """The completed steps of the setup."""

    was_written_to: bool
    was_answered: bool
    """Whether any reply was ever sent."""
    has_account: bool


def read_setup_steps() -> SetupSteps:
    """Return which steps are completed."""
    sent = QueueItem.select(QueueItem.id).where(QueueItem.status == ItemStatus.SENT.value)
    return SetupSteps(
        was_written_to=_any(Message.select(Message.id)),
        was_answered=_any(sent),
        has_account=_any(Account.select(Account.account_id)),
    )


def _any(query: Any) -> bool:
    return query.limit(1).tuples().first() is not None
