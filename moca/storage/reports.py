from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import EXCLUDED, SQL, fn

from moca.core.reconciliation.silence import hour_of
from moca.core.reports import Measure, ReportEvent, bucket_of
from moca.core.types import TEAMMATES, Author, MessageStatus
from moca.storage.db.fields import short
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation, Message

_KEPT = timedelta(days=400)
_DAY = timedelta(days=1)
_LOOKED_AT = 100


class TeammateReply(NamedTuple):
    """A reply by a teammate that has just been stored."""

    account_id: str
    conversation_id: int
    message_id: int
    """Of its first part."""
    author: Author
    name: str
    at: datetime


class Resolution(NamedTuple):
    """The end of a conversation."""

    account_id: str
    conversation_id: int
    name: str
    """Of the teammate who closed it."""
    at: datetime
    began_at: datetime
    was_never_held: bool
    """Whether no teammate held it until then."""


def count_events(events: Sequence[ReportEvent]) -> None:
    """Add events to the counts of their hours, and delete counts over a year old."""
    for event in events:
        insert = ReportHour.insert(
            hour=hour_of(event.at),
            account_id=event.account_id,
            measure=event.measure,
            subject=short(event.subject),
            bucket=bucket_of(event.span),
            count=1,
        )
        insert.on_conflict(
            conflict_target=[
                ReportHour.hour,
                ReportHour.account_id,
                ReportHour.measure,
                ReportHour.subject,
                ReportHour.bucket,
            ],
            update={ReportHour.count: ReportHour.count + EXCLUDED.count},
        ).execute()
    if events:
        ReportHour.delete().where(ReportHour.hour < events[-1].at - _KEPT).execute()


def uncount_events(events: Iterable[ReportEvent]) -> None:
    """Take events back that were counted by mistake."""
    for event in events:
        is_it = (
            (ReportHour.hour == hour_of(event.at))
            & (ReportHour.account_id == event.account_id)
            & (ReportHour.measure == event.measure)
            & (ReportHour.subject == short(event.subject))
            & (ReportHour.bucket == bucket_of(event.span))
        )
        ReportHour.update(count=ReportHour.count - 1).where(is_it).execute()
        ReportHour.delete().where(is_it & (ReportHour.count <= 0)).execute()


def count_teammate_reply(reply: TeammateReply) -> None:
    """Count a reply, before its conversation stops waiting for one."""
    subject = "Instagram app" if reply.author is Author.HUMAN else reply.name
    events = []
    since = _waiting_since(reply)
    if since is not None:
        wait = max(reply.at - since, timedelta(0))
        events.append(ReportEvent(reply.account_id, reply.at, Measure.FIRST_REPLY, subject, wait))
    if not _has_replied_before(reply):
        events.append(ReportEvent(reply.account_id, reply.at, Measure.REPLIED, subject))
    count_events(events)


def count_resolution(end: Resolution) -> Sequence[ReportEvent]:
    """Count a conversation that was closed; return what was counted."""
    took = max(end.at - end.began_at, timedelta(0))
    events = [ReportEvent(end.account_id, end.at, Measure.RESOLVED, end.name, took)]
    if end.was_never_held and not _has_teammate_written(end.conversation_id):
        events.append(ReportEvent(end.account_id, end.at, Measure.RESOLVED_BY_BOT))
    count_events(events)
    return events


def _waiting_since(reply: TeammateReply) -> datetime | None:
    """Return since when the contact waits for the first reply, or None if a teammate gave it.

    A conversation with a draft needs a reply still, whatever a teammate has written since.
    """
    query = Conversation.select(Conversation.needs_reply_since)
    replied = Message.select(SQL("1")).where(
        (Message.conversation == Conversation.id)
        & (Message.id > Conversation.needs_reply_last_id)
        & (Message.id < reply.message_id)
        & (Message.author << TEAMMATES)
        & (Message.status != MessageStatus.HELD.value)
        & (Message.kind == "message")
    )
    is_first = (Conversation.id == reply.conversation_id) & ~fn.EXISTS(replied)
    return next((since for (since,) in read_rows(query.where(is_first))), None)


def _has_replied_before(reply: TeammateReply) -> bool:
    return any(
        (author, name or "", at > reply.at - _DAY) == (reply.author, reply.name, True)
        for message_id, author, name, at in _latest(reply.conversation_id)
        if message_id < reply.message_id
    )


def _has_teammate_written(conversation_id: int) -> bool:
    return any(author in TEAMMATES for _, author, *_ in _latest(conversation_id))


def _latest(conversation_id: int) -> Iterable[tuple[int, str, str | None, datetime]]:
    columns = (Message.id, Message.author, Message.author_name, Message.created_at)
    is_draft = Message.status == MessageStatus.HELD.value
    query = Message.select(*columns).where((Message.conversation == conversation_id) & ~is_draft)
    return read_rows(query.order_by(Message.id.desc()).limit(_LOOKED_AT))
