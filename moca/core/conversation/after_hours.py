from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.business_hours import BusinessHours
from moca.core.conversation.disclosure import say
from moca.core.conversation.effects import Effect
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages, RecordSteps
from moca.core.policy import ConversationPolicy
from moca.core.types import Outcome, Stage, Step

Decision = tuple[Conversation, tuple[Effect, ...]]


def close(
    state: Conversation, now: datetime, hours: BusinessHours, policy: ConversationPolicy
) -> Decision:
    """Turn away what comes outside the hours, or have it wait for the opening."""
    opens_at = hours.opens_next(now)
    if policy.answer_when_open and opens_at is not None:
        met, effects = _defer(state, opens_at, now, policy)
    else:
        met, effects = _turn_away(state, opens_at, now)
    if not _may_tell(state, now, hours, policy):
        return met, effects
    away = say(state, (), Content(text=policy.away_text), now, policy, is_away_text=True)
    return replace(met, away_text_at=now), effects + away


def _defer(
    state: Conversation, opens_at: datetime, now: datetime, policy: ConversationPolicy
) -> Decision:
    waiting = state.deferred + state.gathered
    until = min(opens_at, max(state.window_shuts_at(each, policy) for each in waiting))
    detail = f"outside business hours, until {_said(opens_at)}"
    if until < opens_at:
        detail += f"; the window for a reply shuts earlier, {_said(until)}"
    steps = tuple(
        Step(message.id, now, Stage.HOURS, "waiting", detail) for message in state.gathered
    )
    return state.deferring(until), (RecordSteps(steps),)


def _turn_away(state: Conversation, opens_at: datetime | None, now: datetime) -> Decision:
    reopening = f", open again {_said(opens_at)}" if opens_at else ""
    ids = tuple(message.id for message in state.gathered)
    because = f"outside business hours{reopening}"
    suppressed = ConcludeMessages(ids, Outcome.SUPPRESSED, because, now)
    return replace(state, gathered=(), gathering_since=None), (suppressed,)


def _may_tell(
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
    # After a clock was set back it may have been told in a closing that is still to come.
    was_before = closed_since is not None and told_at < closed_since
    return was_before or (opens_at is not None and told_at >= opens_at)


def _said(instant: datetime) -> str:
    return f"{instant:%a %d %b %H:%M} UTC"
