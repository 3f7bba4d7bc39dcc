from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from peewee import JOIN, fn

from moca.core.vocabulary import ConversationStatus, ItemStatus, Outcome, Role
from moca.storage.models import IS_NOT_OPEN, Conversation, Message
from moca.storage.reads.queue import count_queue


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
