import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.reasons import Reason
from moca.core.reports import Measure, ReportEvent
from moca.core.types import ConversationStatus, Role
from moca.storage.conversations.needs_reply import ask_for_reply
from moca.storage.db.fields import EPOCH
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Conversation, Message
from moca.storage.reports import uncount_events

_RESTORED = (
    Conversation.status,
    Conversation.held_until,
    Conversation.held_by,
    Conversation.person_until,
    Conversation.needs_reply_since,
    Conversation.needs_reply_last_id,
    Conversation.snoozed_at,
    Conversation.snoozed_until,
)
_MICROSECOND = timedelta(microseconds=1)


class RestoredHold(NamedTuple):
    """Who may answer in a conversation whose closing was undone."""

    status: ConversationStatus
    held_until: datetime | None


def state_of(conversation_id: int) -> dict[str, Any]:
    """Return what closing a conversation is going to change, as plain values."""
    rows = read_dicts(Conversation.select(*_RESTORED).where(Conversation.id == conversation_id))
    (row,) = rows
    return {each.name: each.db_value(row[each.name]) for each in _RESTORED}


def note_close(
    conversation_id: int, at: datetime, before: dict[str, Any], counted: Sequence[ReportEvent]
) -> None:
    """Keep what closing a conversation has changed, and what reports counted of it."""
    events = [
        (each.account_id, _us(each.at - EPOCH), each.measure, each.subject, _us(each.span))
        for each in counted
    ]
    kept = {"at": _us(at - EPOCH), "state": before, "counted": events}
    noted = Conversation.update(before_close=json.dumps(kept))
    noted.where(Conversation.id == conversation_id).execute()


def forget_close(conversation_id: int) -> None:
    """Forget what closing a conversation changed, now that it has been reopened."""
    forgotten = Conversation.update(before_close=None)
    forgotten.where(Conversation.id == conversation_id).execute()


def undo_close(conversation_id: int, at: datetime, closed_at: datetime) -> RestoredHold | None:
    """Restore a closed conversation, and take back what reports counted.

    What the bot was about to answer stays cancelled, so it is left to the team. Returns None, and
    changes nothing, if it was not closed at `closed_at`.
    """
    query = Conversation.select(Conversation.before_close).where(Conversation.id == conversation_id)
    ((kept,),) = read_rows(query)
    noted: dict[str, Any] = json.loads(kept) if kept else {}
    if noted.get("at") != _us(closed_at - EPOCH):
        return None
    state: dict[Any, Any] = {Conversation.status: ConversationStatus.OPEN.value}
    for each in _RESTORED:
        if each.name in noted["state"]:
            state[each] = each.python_value(noted["state"][each.name])
    restored = Conversation.update({**state, Conversation.before_close: None})
    restored.where(Conversation.id == conversation_id).execute()
    uncount_events([_event(*each) for each in noted["counted"]])
    if _is_left_by_bot(conversation_id):
        ask_for_reply([conversation_id], at)
    status = ConversationStatus(state[Conversation.status])
    return RestoredHold(status, state.get(Conversation.held_until))


def _event(account_id: str, at_us: int, measure: str, subject: str, span_us: int) -> ReportEvent:
    at = EPOCH + at_us * _MICROSECOND
    return ReportEvent(account_id, at, Measure(measure), subject, span_us * _MICROSECOND)


def _us(span: timedelta) -> int:
    return span // _MICROSECOND


def _is_left_by_bot(conversation_id: int) -> bool:
    """Return whether closing cancelled the answer to the contact's last message."""
    theirs = (Message.conversation == conversation_id) & (Message.role == Role.USER.value)
    query = Message.select(Message.reason).where(theirs).order_by(Message.id.desc()).limit(1)
    return any(reason == Reason.WAS_CLOSED for (reason,) in read_rows(query))
