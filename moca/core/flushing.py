from dataclasses import replace
from datetime import datetime

from moca.core import drafting
from moca.core.conversation import Conversation
from moca.core.effects import Effect, LetGo, WakeAt
from moca.core.grouping import Group, group
from moca.core.hours import BusinessHours
from moca.core.journey import Step
from moca.core.messages import ConcludeMessages, QueueReply, RecordSteps
from moca.core.policy import ConversationPolicy
from moca.core.vocabulary import Outcome, Stage

Decision = tuple[Conversation, tuple[Effect, ...]]


def advance(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Go on as far as the moment allows: flush, or say when to look again."""
    if state.is_answering:
        deadlines = [draft.deadline for draft in state.drafts if draft.deadline is not None]
        return state, (WakeAt(min(deadlines)),) if deadlines else ()
    flush_at = state.flush_at(policy)
    if flush_at is None:
        return _rest(state, now, policy)
    if now < flush_at:
        return state, (WakeAt(flush_at),)
    flushed, effects = _flush(state, now, policy)
    advanced, more = advance(flushed, now, policy)
    return advanced, effects + more


def _rest(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    forgettable_at = state.forgettable_at(policy)
    if forgettable_at <= now:
        return state, (LetGo(),)
    return state, (WakeAt(forgettable_at),)


def _flush(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    emptied = replace(state, gathered=(), gathering_since=None)
    if state.is_held_at(now):
        return emptied, (_suppress(state, f"the conversation is {state.status}", now),)
    if policy.hours is not None and not policy.hours.open_at(now):
        return _turn_away(emptied, state, now, policy.hours, policy.away_text)
    groups = group(state.gathered, policy.mode)
    left = state.replies_left(policy, now)
    excess = _turn_down(groups[left:], policy, now)
    if not left:
        return emptied, excess
    flushed = Step(0, now, Stage.DEBOUNCE, "flushed", _gathered(len(state.gathered), len(groups)))
    steps = tuple(replace(flushed, message_id=message.id) for message in state.gathered)
    answering = replace(emptied, cooldown_until=now + policy.cooldown)
    drafted, asked = drafting.begin(answering, groups[:left])
    return drafted, (RecordSteps(steps), *excess, *asked)


def _turn_down(
    groups: tuple[Group, ...], policy: ConversationPolicy, now: datetime
) -> tuple[ConcludeMessages, ...]:
    ids = tuple(message.id for members in groups for message in members)
    because = f"{policy.replies_per_hour} replies to one contact within an hour are enough"
    return (ConcludeMessages(ids, Outcome.SUPPRESSED, because, now),) if ids else ()


def _turn_away(
    emptied: Conversation, state: Conversation, now: datetime, hours: BusinessHours, away_text: str
) -> Decision:
    opens_at = hours.opens_next(now)
    reopening = f", open again {opens_at:%a %d %b %H:%M} UTC" if opens_at else ""
    suppressed = _suppress(state, f"outside business hours{reopening}", now)
    closed_since = hours.closed_since(now)
    told_at = state.away_text_at
    told = told_at is not None and (closed_since is None or told_at >= closed_since)
    if told or not away_text:
        return emptied, (suppressed,)
    away = QueueReply(state.conversation_id, (), text=away_text, at=now, is_away_text=True)
    return replace(emptied, away_text_at=now), (suppressed, away)


def _suppress(state: Conversation, because: str, now: datetime) -> ConcludeMessages:
    ids = tuple(message.id for message in state.gathered)
    return ConcludeMessages(ids, Outcome.SUPPRESSED, because, now)


def _gathered(messages: int, groups: int) -> str:
    return f"{messages} gathered, {groups} to answer"
