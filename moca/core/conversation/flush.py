from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation import drafts
from moca.core.conversation.after_hours import close
from moca.core.conversation.drafts import Group, group
from moca.core.conversation.effects import Decision, UnloadConversation, WakeAt
from moca.core.conversation.handover import hand_over
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages, RecallHeldReplies, RecordSteps
from moca.core.policy import ConversationPolicy
from moca.core.reasons import Because, Reason, because_held
from moca.core.types import COMMENT_KINDS, Outcome, Stage, Step


def advance(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Go on as far as possible at this instant: flush, or schedule the next wake-up."""
    if state.is_answering:
        deadlines = [draft.deadline for draft in state.drafts if draft.deadline is not None]
        return state, (WakeAt(min(deadlines)),) if deadlines else ()
    if state.deferred_until is not None and state.deferred_until <= now:
        state = state.resuming()
    due = [each for each in (state.flush_at(policy), state.deferred_until) if each is not None]
    if not due:
        return _rest(state, now, policy)
    if now < min(due):
        return state, (WakeAt(min(due)),)
    flushed, effects = _flush(state, now, policy)
    advanced, more = advance(flushed, now, policy)
    return advanced, (*_decided_by(state, now, policy), *effects, *more)


def _decided_by(
    state: Conversation, now: datetime, policy: ConversationPolicy
) -> tuple[RecordSteps, ...]:
    if policy.bot.version is None:
        return ()
    step = Step(0, now, Stage.STATE, "decided", str(policy.bot))
    return (RecordSteps(tuple(replace(step, message_id=each.id) for each in state.gathered)),)


def _rest(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    forgettable_at = state.forgettable_at(policy)
    if forgettable_at <= now:
        return state, (UnloadConversation(),)
    return state, (WakeAt(forgettable_at),)


def _flush(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    if state.is_held_at(now):
        return _end(state, because_held(state.status), now)
    late = [each for each in state.gathered if state.window_shuts_at(each, policy) <= now]
    if not late:
        return _flush_in_time(state, now, policy)
    in_time = tuple(each for each in state.gathered if each not in late)
    state, ended = _end(replace(state, gathered=tuple(late)), _late_because(policy), now)
    if not in_time:
        return state, ended
    flushed, effects = _flush_in_time(replace(state, gathered=in_time), now, policy)
    return flushed, ended + effects


def _flush_in_time(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    if any(policy.escalation.are_in(message.text) for message in state.gathered):
        return _escalate(state, now, policy)
    if policy.hours is not None and not policy.hours.open_at(now):
        return close(state, now, policy.hours, policy)
    return _answer(state, now, policy)


def _answer(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    if state.held and any(each.kind not in COMMENT_KINDS for each in state.gathered):
        recall = RecallHeldReplies(state.contact, state.conversation_id, now)
        return replace(state, is_recalling=True, heard_at=now), (recall,)
    emptied = replace(state, gathered=(), gathering_since=None)
    groups = group(state.gathered, policy.mode)
    left = state.replies_left(policy, now)
    excess = _suppress_over_limit(groups[left:], policy, now)
    if not left:
        return emptied, excess
    flushed = Step(0, now, Stage.DEBOUNCE, "flushed", _gathered(len(state.gathered), len(groups)))
    steps = tuple(replace(flushed, message_id=message.id) for message in state.gathered)
    answering = replace(emptied, cooldown_until=now + policy.cooldown, heard_at=now, said=())
    drafted, requests = drafts.begin(answering, groups[:left])
    return drafted, (RecordSteps(steps), *excess, *requests)


def _suppress_over_limit(
    groups: tuple[Group, ...], policy: ConversationPolicy, now: datetime
) -> tuple[ConcludeMessages, ...]:
    ids = tuple(message.id for members in groups for message in members)
    most = policy.replies_per_hour
    enough = f"limit of {most} replies per contact per hour reached"
    because = Because(Reason.HOURLY_LIMIT, enough)
    return (ConcludeMessages(ids, Outcome.SUPPRESSED, because, now),) if ids else ()


def _escalate(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    content = Content(text=policy.hand_over_text) if policy.hand_over_text else None
    because = Because(Reason.ASKED_FOR_PERSON)
    handed, command = hand_over(state, state.gathered, because, content, now=now, policy=policy)
    return handed, (command,)


def _end(state: Conversation, because: str, now: datetime) -> Decision:
    ids = tuple(message.id for message in state.gathered)
    ended = ConcludeMessages(ids, Outcome.SUPPRESSED, because, now)
    return replace(state, gathered=(), gathering_since=None), (ended,)


def _gathered(messages: int, groups: int) -> str:
    return f"waited for more messages: {messages} received, {groups} to answer"


def _late_because(policy: ConversationPolicy) -> str:
    hours = policy.window.total_seconds() / 3600
    text = f"the {hours:g}-hour reply window closed before it could be answered"
    return Because(Reason.WINDOW_CLOSED, text)
