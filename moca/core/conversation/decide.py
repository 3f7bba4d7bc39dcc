from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from moca.core.conversation import drafts, revisions
from moca.core.conversation.consent import Wish
from moca.core.conversation.duplicates import first_saying, remember
from moca.core.conversation.effects import Effect, Reload
from moca.core.conversation.flush import advance
from moca.core.conversation.opt_out import consent
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.conversation.state import Conversation, seconds
from moca.core.messages.conversation import ReadName
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent, ReplyUnknown
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import (
    AtOnceWanted,
    CheckAtOnce,
    ConcludeMessages,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
)
from moca.core.policy import ConversationPolicy
from moca.core.types import Author, ConversationStatus, Outcome, Stage, Step


@dataclass(frozen=True, slots=True)
class Woken:
    """The instant that a conversation asked to be woken at has come. Timers -> Conversation."""


@dataclass(frozen=True, slots=True)
class SweptOver:
    """The database shows messages of this contact that wait. Supervisor -> Conversation."""


OfDraft = (
    GenerationStarted
    | ReplyGenerated
    | ReplyDeclined
    | HandOverAsked
    | GenerationFailed
    | ReplyRefused
    | ReplyShared
)
"""What becomes of a reply until it is queued."""

OfReply = ReplyQueued | ReplySent | ReplyUnknown | ReplyFailed | ReplyDropped
"""What becomes of it afterwards."""

Event = (
    MessageArrived
    | MessageEdited
    | MessageErased
    | AtOnceWanted
    | Woken
    | SweptOver
    | ConversationChanged
    | OfDraft
    | OfReply
)

Decision = tuple[Conversation, tuple[Effect, ...]]


def restore(snapshot: Snapshot, now: datetime, policy: ConversationPolicy) -> Decision:
    """Take up a conversation from the database: every gate looks at what is still unanswered."""
    state = Conversation.from_snapshot(snapshot, now)
    effects: tuple[Effect, ...] = () if snapshot.is_named else (ReadName(snapshot.contact),)
    for message in snapshot.unanswered:
        state, more = _hear(state, message, now, policy)
        effects += more
    return _then_advance(state, effects, now, policy)


def decide(
    state: Conversation, event: Event, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Say what a conversation becomes by an event, and what is to be done about it."""
    if not isinstance(event, Woken | SweptOver):
        heard_at = now if _is_news(state, event) else state.heard_at
        state = replace(state, active_at=now, heard_at=heard_at)
    changed, effects = _take_in(state, event, now, policy)
    return _then_advance(changed, effects, now, policy)


def _is_news(state: Conversation, event: Event) -> bool:
    """Return whether the event is about the reply under way."""
    if isinstance(event, ReplySent | ReplyUnknown | ReplyFailed | ReplyDropped):
        return event.item_id in state.in_flight
    return isinstance(event, OfDraft | ReplyQueued)


def _then_advance(
    state: Conversation, effects: tuple[Effect, ...], now: datetime, policy: ConversationPolicy
) -> Decision:
    if Reload() in effects:
        return state, effects
    advanced, more = advance(state.steadied(now, policy), now, policy)
    return advanced, effects + more


def _take_in(
    state: Conversation, event: Event, now: datetime, policy: ConversationPolicy
) -> Decision:
    match event:
        case MessageArrived():
            return _hear(_in_conversation(state, event, now), event.message, now, policy)
        case MessageEdited():
            return _read_anew(state, event, now, policy)
        case MessageErased():
            return revisions.forget(state, event, now, policy)
        case AtOnceWanted():
            return _press(state, event, now)
        case Woken():
            return drafts.give_up_overdue(state, now, policy)
        case SweptOver():
            return drafts.see_if_stuck(state, now)
        case ConversationChanged():
            return _changed(state, event, now), ()
        case ReplyDropped(is_recalled=True):
            return state, (Reload(),)
        case ReplyQueued():
            return drafts.queue_ready(_queued(state, event), now, policy)
        case ReplySent() | ReplyUnknown() | ReplyFailed() | ReplyDropped():
            return _follow(state, event, policy), ()
        case _:
            return _take_draft(state, event, now, policy)


def _take_draft(
    state: Conversation, event: OfDraft, now: datetime, policy: ConversationPolicy
) -> Decision:
    match event:
        case GenerationStarted():
            return drafts.start(state, event, policy), ()
        case ReplyGenerated():
            return drafts.take_content(state, event, now, policy)
        case ReplyDeclined():
            return drafts.take_refusal(state, event, now, policy)
        case HandOverAsked():
            return drafts.take_hand_over(state, event, now, policy)
        case GenerationFailed():
            return drafts.take_failure(state, event, now, policy)
        case ReplyRefused(is_outdated=True):
            return state, (Reload(),)
        case ReplyRefused() | ReplyShared():
            return drafts.queue_ready(drafts.drop(state, event.input_ids), now, policy)
        case _:
            assert_never(event)


def _follow(
    state: Conversation,
    event: ReplySent | ReplyUnknown | ReplyFailed | ReplyDropped,
    policy: ConversationPolicy,
) -> Conversation:
    match event:
        case ReplySent(is_said=False):
            return replace(state, in_flight=state.in_flight - {event.item_id})
        case ReplySent():
            return _heard_of(_spoken(state, event.item_id, event.at, policy), event)
        case ReplyUnknown():
            return _spoken(state, event.item_id, event.at, policy)
        case ReplyFailed() | ReplyDropped():
            return replace(state, in_flight=state.in_flight - {event.item_id})
        case _:
            assert_never(event)


def _hear(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision:
    if message.wish is Wish.OPT_IN:
        state = replace(state, has_opted_out=False)
    heeded = consent(state, message, now, policy)
    if heeded is not None:
        return heeded
    first = first_saying(message, state.remembered, policy.dedup)
    if first is not None:
        after = message.received_at - first.received_at
        because = f"same text {seconds(after)} earlier, within {seconds(policy.dedup)}"
        repeat = ConcludeMessages((message.id,), Outcome.DUPLICATE, because, now, first.id)
        return state, (repeat,)
    heard = state.gathering(message, remember(message, state.remembered, policy.dedup))
    passed = Step(
        message.id, now, Stage.DEDUPLICATION, "passed", f"nothing equal in {seconds(policy.dedup)}"
    )
    steps = RecordSteps((passed, _waiting(heard, message, now, policy)))
    if policy.checks_rules and not heard.is_pressing:
        return heard, (steps, CheckAtOnce(heard.contact, message))
    return heard, (steps,)


def _press(state: Conversation, event: AtOnceWanted, now: datetime) -> Decision:
    gathered = tuple(
        replace(each, at_once=True) if each.id == event.message_id else each
        for each in state.gathered
    )
    if not any(each.at_once for each in gathered):
        return state, ()
    passed = Step(event.message_id, now, Stage.DEBOUNCE, "passed", event.because)
    return replace(state, gathered=gathered), (RecordSteps((passed,)),)


def _read_anew(
    state: Conversation, event: MessageEdited, now: datetime, policy: ConversationPolicy
) -> Decision:
    message = state.find(event.message_id)
    if event.wish is None or message is None:
        return revisions.reword(state, event, policy)
    erased = MessageErased(event.contact, event.conversation_id, event.message_id)
    forgotten, effects = revisions.forget(state, erased, now, policy)
    edited = replace(message, text=event.text, wish=event.wish)
    heard, more = _hear(forgotten, edited, now, policy)
    return heard, effects + more


def _waiting(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Step:
    if state.is_answering:
        detail = f"a reply is under way; gathered with {len(state.gathered) - 1} others"
        return Step(message.id, now, Stage.COOLDOWN, "gathered", detail)
    if state.is_pressing:
        return Step(message.id, now, Stage.DEBOUNCE, "passed", "a tap does not wait")
    flush_at = state.flush_at(policy) or now
    stage = Stage.COOLDOWN if flush_at == state.cooldown_until else Stage.DEBOUNCE
    detail = f"until {flush_at:%H:%M:%S}, {seconds(flush_at - now)} left"
    return Step(message.id, now, stage, "waiting", detail)


def _in_conversation(state: Conversation, event: MessageArrived, now: datetime) -> Conversation:
    if event.conversation_id == state.conversation_id:
        return state
    return Conversation(
        contact=state.contact,
        conversation_id=event.conversation_id,
        has_opted_out=state.has_opted_out,
        window_opened_at=state.window_opened_at,
        active_at=now,
    )


def _queued(state: Conversation, event: ReplyQueued) -> Conversation:
    if event.reply.author is not Author.BOT:
        return state
    without_draft = drafts.queued(state, event.input_ids)
    return replace(without_draft, in_flight=state.in_flight | {event.reply.item_id})


def _spoken(
    state: Conversation, item_id: int, at: datetime, policy: ConversationPolicy
) -> Conversation:
    return replace(
        state.speaks(at, policy),
        in_flight=state.in_flight - {item_id},
        remembered=tuple(message for message in state.remembered if message.received_at > at),
        cooldown_until=max(at + policy.cooldown, state.cooldown_until or at),
    )


def _heard_of(state: Conversation, sent: ReplySent) -> Conversation:
    if sent.author is Author.BOT:
        return replace(state, bot_spoke_at=max(sent.at, state.bot_spoke_at or sent.at))
    return replace(state, person_until=max(sent.at, state.person_until or sent.at))


def _changed(state: Conversation, event: ConversationChanged, now: datetime) -> Conversation:
    if event.conversation_id != state.conversation_id:
        return state
    until = event.held_until or now
    changed = replace(state, status=event.status, held_until=event.held_until, person_until=until)
    if event.status is ConversationStatus.OPEN:
        return changed
    return replace(changed.emptied(), drafts=())
