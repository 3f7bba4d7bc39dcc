from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import peewee

from moca.core.push import PushKind
from moca.core.reasons import Reason, stored_reason
from moca.core.types import TEAMMATES, MessageStatus, Outcome
from moca.core.work_lists import NeededReply, needs_reply_after, waits_for_person
from moca.storage.content_codec import REACTION
from moca.storage.db.bulk import Update
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Selection, is_among
from moca.storage.db.tables import IS_HELD_REPLY, Conversation, Message, QueueItem
from moca.storage.operators.push_queue import are_pushes_wanted, queue_pushes

_LOOKED_AT = 100
_IS_DRAFT = IS_HELD_REPLY & QueueItem.release_at.is_null()
_NEED = Update(Conversation, Conversation.needs_reply_since, Conversation.needs_reply_last_id)
_NOT_CLOSED = "\"status\" <> 'closed'"
_FIRST_SINCE = Update(
    Conversation,
    Conversation.needs_reply_since,
    where=f'"needs_reply_since" IS NULL AND {_NOT_CLOSED}',
)


def _latest_id_in(conversation: peewee.Node) -> peewee.Node:
    other = Message.alias()
    return other.select(peewee.fn.MAX(other.id)).where(other.conversation == conversation)


_OF_MESSAGES = Selection(
    lambda: Message.select(
        Message.id,
        Message.conversation,
        Message.consent_change,
        Conversation.status,
        Conversation.needs_reply_since,
        Conversation.needs_reply_last_id,
        _latest_id_in(Message.conversation),
    ).join(Conversation),
    Message.id,
)


class EndedMessage(NamedTuple):
    """A contact's message with its outcome."""

    message_id: int
    outcome: Outcome
    reason: Reason | None
    at: datetime


def follow_outcomes(ended: Iterable[EndedMessage]) -> None:
    """Update which conversations need a reply, now that these messages have their outcome."""
    relevant = [each for each in ended if _may_change(each)]
    rows = {row[0]: row[1:] for row in _OF_MESSAGES.among({each.message_id for each in relevant})}
    stored: dict[int, NeededReply | None] = {}
    changed: dict[int, NeededReply | None] = {}
    for message_id, outcome, reason, at in relevant:
        if message_id not in rows:
            continue
        conversation_id, consent_change, status, since, last_id, latest_id = rows[message_id]
        if status == "closed" or (reason is Reason.OPTED_OUT and consent_change):
            continue
        need = None if since is None else NeededReply(since, last_id)
        before = changed.get(conversation_id, stored.setdefault(conversation_id, need))
        changed[conversation_id] = needs_reply_after(
            before, outcome, reason, message_id=message_id, latest_id=latest_id, at=at
        )
    ending = [each for each, need in changed.items() if stored[each] and need is None]
    with_draft = _with_draft(ending)
    _NEED.each(
        (*(need or (None, None)), each)
        for each, need in changed.items()
        if need != stored[each] and each not in with_draft
    )
    new = {each: need.since for each, need in changed.items() if need and stored[each] is None}
    queue_pushes(PushKind.NEEDS_REPLY, new)


def _with_draft(conversation_ids: Collection[int]) -> set[int]:
    """Return which of these conversations have a draft, for which they wait for the team."""
    if not conversation_ids:
        return set()
    drafts = QueueItem.select(QueueItem.conversation).where(
        QueueItem.conversation << conversation_ids, _IS_DRAFT
    )
    return {conversation_id for (conversation_id,) in read_rows(drafts)}


def _may_change(ended: EndedMessage) -> bool:
    return ended.outcome is Outcome.ANSWERED or waits_for_person(ended.outcome, ended.reason)


def ask_for_reply(conversation_ids: Iterable[int], at: datetime) -> None:
    """Mark conversations as needing a reply, unless they are closed; an earlier mark stays."""
    rows = [(at, each) for each in conversation_ids]
    if rows and are_pushes_wanted():
        unmarked = Conversation.needs_reply_since.is_null() & (Conversation.status != "closed")
        among = Conversation.id << [each for _, each in rows]
        new = read_rows(Conversation.select(Conversation.id).where(among & unmarked))
        queue_pushes(PushKind.NEEDS_REPLY, {each: at for (each,) in new})
    _FIRST_SINCE.each(rows)
    last_id = Conversation.update(needs_reply_last_id=_latest_id_in(Conversation.id))
    asked = is_among(Conversation.id, [each for _, each in rows])
    last_id.where(asked & (Conversation.status != "closed")).execute()


def mark_replied(conversation_id: int, at: datetime | None = None) -> None:
    """Record that a person has replied or decided otherwise; with `at`, only to earlier needs.

    A conversation with a draft still waits for the team.
    """
    since = Conversation.needs_reply_since
    needing = since.is_null(is_null=False)
    if at is not None:
        is_latest = Message.id == Conversation.needs_reply_last_id
        earlier = Message.select(peewee.SQL("1")).where(is_latest & (Message.created_at <= at))
        needing = (since <= at) & peewee.fn.EXISTS(earlier)
    if not _with_draft([conversation_id]):
        marked = Conversation.update(needs_reply_since=None)
        marked.where((Conversation.id == conversation_id) & needing).execute()


def forget_need_if_nothing_waits(conversation_id: int) -> None:
    """Record that nothing waits for the team, unless a message since its last words does."""
    if not _does_message_wait(conversation_id):
        mark_replied(conversation_id)


def restore_need(conversation_id: int, at: datetime) -> None:
    """Mark a reopened conversation as needing a reply if a message since its last words waits."""
    if _does_message_wait(conversation_id):
        ask_for_reply([conversation_id], at)


def _does_message_wait(conversation_id: int) -> bool:
    columns = (Message.author, Message.outcome, Message.because, Message.reason)
    was_never_sent = Message.status << [MessageStatus.HELD, MessageStatus.CANCELLED]
    query = Message.select(*columns).where(
        (Message.conversation == conversation_id) & (Message.kind != REACTION) & ~was_never_sent
    )
    for author, outcome, because, reason in read_rows(
        query.order_by(Message.id.desc()).limit(_LOOKED_AT)
    ):
        if author in TEAMMATES:
            return False
        if outcome and waits_for_person(Outcome(outcome), stored_reason(reason, because)):
            return True
    return False
