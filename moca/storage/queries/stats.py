from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import peewee
from peewee import JOIN, SQL, fn

from moca.core.metrics import Figure
from moca.core.types import ConversationStatus, ItemStatus, Outcome, Role
from moca.storage.db.metric_tables import MinuteFigure
from moca.storage.db.tables import IS_NOT_OPEN, Conversation, Message
from moca.storage.queries.pagination import instant_of
from moca.storage.queries.queue import count_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """From receiving a message to the moment its reply was sent."""

    count: int
    p50: timedelta | None
    p99: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsRecord:
    """How things stand; outcomes and latencies are those of the latest messages only."""

    queue: Mapping[ItemStatus, int]
    conversations: Mapping[ConversationStatus, int]
    latest: int
    """Messages of contacts that the outcomes were counted over."""
    outcomes: Mapping[Outcome, int]
    open: int
    """Those of the latest without an outcome yet."""
    replies: Latencies


def read_stats(*, latest: int) -> StatsRecord:
    """Count how things stand, outcomes and latencies over the latest messages of contacts."""
    rows = _latest_messages(latest)
    counted = Counter(outcome for outcome, _, _ in rows)
    spans = sorted(sent - received for _, received, sent in rows if sent is not None)
    return StatsRecord(
        queue=count_queue(),
        conversations=_count_conversations(),
        latest=len(rows),
        outcomes={outcome: counted[outcome] for outcome in Outcome},
        open=counted[None],
        replies=_latencies(spans),
    )


def _latest_messages(limit: int) -> list[tuple[Any, ...]]:
    reply = Message.alias()
    query: Any = (
        Message.select(Message.outcome, Message.created_at, reply.sent_at)
        .join(reply, JOIN.LEFT_OUTER, on=(Message.reply == reply.id))
        .where(Message.role == Role.USER)
    )
    return list(query.order_by(Message.id.desc()).limit(limit).tuples())


def _count_conversations() -> Mapping[ConversationStatus, int]:
    columns = (Conversation.status, fn.COUNT(Conversation.id))
    query: Any = Conversation.select(*columns).where(IS_NOT_OPEN).group_by(Conversation.status)
    found = {ConversationStatus(status): count for status, count in query.tuples()}
    # Both counts read an index alone, the rows themselves neither.
    found[ConversationStatus.OPEN] = Conversation.select().count() - sum(found.values())
    return {status: found.get(status, 0) for status in ConversationStatus}


def _latencies(spans: list[timedelta]) -> Latencies:
    if not spans:
        return Latencies(count=0, p50=None, p99=None, longest=None)
    return Latencies(
        count=len(spans), p50=_nth(spans, 0.50), p99=_nth(spans, 0.99), longest=spans[-1]
    )


def _nth(spans: list[timedelta], share: float) -> timedelta:
    return spans[ceil(share * len(spans)) - 1]


_MOST = 20_000
_MICROSECOND = timedelta(microseconds=1)


def list_figures(since: datetime, width: timedelta = timedelta(minutes=1)) -> tuple[Figure, ...]:
    """List what was counted from an instant on, oldest first, by spans of whole minutes.

    Spans begin at multiples of their width since 1970.
    """
    span = SQL(f'"minute" / {width // _MICROSECOND}')
    columns = (
        span.alias("span"),
        MinuteFigure.name,
        fn.SUM(MinuteFigure.count),
        fn.SUM(MinuteFigure.total),
        fn.MAX(MinuteFigure.longest),
    )
    query: Any = MinuteFigure.select(*columns).where(MinuteFigure.minute >= since)
    rows = query.group_by(span, MinuteFigure.name).order_by(span, MinuteFigure.name)
    return tuple(_figure(width, *row) for row in rows.limit(_MOST).tuples())


def _figure(width: timedelta, span: int, name: str, *figures: int) -> Figure:
    count, total, longest = map(int, figures)
    return Figure(
        minute=instant_of(span * (width // _MICROSECOND)),
        name=name,
        count=count,
        total=total * _MICROSECOND,
        longest=longest * _MICROSECOND,
    )


def database_bytes(database: peewee.Database) -> tuple[int | None, int | None]:
    """Tell how large a connected database is, and what waits in SQLite's log; None if unknown."""
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
