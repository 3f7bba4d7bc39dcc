from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.business_hours import BusinessHours
from moca.core.conversation.disclosure import reply_with_disclosure
from moca.core.conversation.effects import Decision
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages, RecordSteps
from moca.core.policy import ConversationPolicy
from moca.core.reasons import Because, Reason
from moca.core.types import Outcome, Stage, Step


def close(
    state: Conversation, now: datetime, hours: BusinessHours, policy: ConversationPolicy
) -> Decision:
    """Suppress messages outside business hours, or defer them until the business opens."""
    opens_at = hours.opens_next(now)
    if policy.answer_when_open and opens_at is not None:
        met, effects = _defer(state, opens_at, now, hours, policy)
    else:
        met, effects = _suppress_outside_hours(state, opens_at, now, hours)
    if not _may_send_away_text(state, now, hours, policy):
        return met, effects
    away = reply_with_disclosure(
        state, (), Content(text=policy.away_text), now, policy, is_away_text=True
    )
    return replace(met, away_text_at=now), effects + away


def _defer(
    state: Conversation,
    opens_at: datetime,
    now: datetime,
    hours: BusinessHours,
    policy: ConversationPolicy,
) -> Decision:
    waiting = state.deferred + state.gathered
    until = min(opens_at, max(state.window_shuts_at(each, policy) for each in waiting))
    detail = f"outside business hours until {_said(opens_at, hours)}"
    if until < opens_at:
        detail += f"; the reply window closes earlier, {_said(until, hours)}"
    steps = tuple(
        Step(message.id, now, Stage.HOURS, "waiting", detail) for message in state.gathered
    )
    return state.deferring(until), (RecordSteps(steps),)


def _suppress_outside_hours(
    state: Conversation, opens_at: datetime | None, now: datetime, hours: BusinessHours
) -> Decision:
    reopening = f"; open again {_said(opens_at, hours)}" if opens_at else ""
    ids = tuple(message.id for message in state.gathered)
    because = Because(Reason.OUTSIDE_HOURS, f"outside business hours{reopening}")
    suppressed = ConcludeMessages(ids, Outcome.SUPPRESSED, because, now)
    return replace(state, gathered=(), gathering_since=None), (suppressed,)


def _may_send_away_text(
    state: Conversation, now: datetime, hours: BusinessHours, policy: ConversationPolicy
) -> bool:
    if not policy.away_text:
        return False
    told_at, closed_since, opens_at = (
        state.away_text_at,
        hours.closed_since(now),
        hours.opens_next(now),
    )
    if told_at is None:
        return True
    # After the clock was set back, the text may have been sent in a closing still to come.
    was_before = closed_since is not None and told_at < closed_since
    return was_before or (opens_at is not None and told_at >= opens_at)


def _said(instant: datetime, hours: BusinessHours) -> str:
    """Write an instant by the clock of the business, as its hours are set."""
    return f"{instant.astimezone(hours.zone):%a %d %b %H:%M} {hours.zone}"
