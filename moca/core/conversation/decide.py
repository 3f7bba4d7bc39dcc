from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from moca.core.conversation import drafts, revisions
from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.duplicates import first_equal, remember
from moca.core.conversation.effects import Decision, Effect, ReloadConversation
from moca.core.conversation.flush import advance
from moca.core.conversation.opt_out import consent
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.conversation.state import Conversation, seconds
from moca.core.instants import in_text
from moca.core.messages.conversation import ReadName
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent, ReplyUnknown
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import (
    CheckImmediateReply,
    ConcludeMessages,
    GenerationFailed,
    GenerationStarted,
    HandoverRequested,
    ImmediateReplyRequested,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
)
from moca.core.policy import ConversationPolicy
from moca.core.reasons import Because, Reason
from moca.core.types import Author, ConversationStatus, Outcome, Stage, Step


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time of the last `WakeAt` has come. Timers -> Conversation."""


@dataclass(frozen=True, slots=True)
class SweepFound:
    """The database holds unanswered messages of this contact. Supervisor -> Conversation."""

    message_id: int
    """One of them."""


OfDraft = (
    GenerationStarted
    | ReplyGenerated
    | ReplyDeclined
    | HandoverRequested
    | GenerationFailed
    | ReplyRefused
    | ReplyShared
)
"""Events of a reply until it is queued."""

OfReply = ReplyHeld | ReplyQueued | ReplySent | ReplyUnknown | ReplyFailed | ReplyDropped
"""Events of a reply once it is held or queued."""

Event = (
    MessageArrived
    | MessageEdited
    | MessageErased
    | ImmediateReplyRequested
    | TimerFired
    | SweepFound
    | ConversationChanged
    | OfDraft
    | OfReply
)


def restore(snapshot: Snapshot, now: datetime, policy: ConversationPolicy) -> Decision:
    """Restore a conversation from the database, with every check for its unanswered messages."""
    state = Conversation.from_snapshot(snapshot, now)
    effects: tuple[Effect, ...] = () if snapshot.is_named else (ReadName(snapshot.contact),)
    for message in snapshot.unanswered:
        state, more = _received(state, message, now, policy)
        effects += more
    return _then_advance(state, effects, now, policy)


def decide(
    state: Conversation, event: Event, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Return the state after an event, and the effects to carry out."""
    if not isinstance(event, TimerFired | SweepFound):
        heard_at = now if _is_news(state, event) else state.heard_at
        state = replace(state, active_at=now, heard_at=heard_at)
    changed, effects = _take_in(state, event, now, policy)
    return _then_advance(changed, effects, now, policy)


def _is_news(state: Conversation, event: Event) -> bool:
    """Return whether the event concerns the reply in progress."""
    if isinstance(event, ReplySent | ReplyUnknown | ReplyFailed | ReplyDropped):
        return event.item_id in state.in_flight
    return isinstance(event, OfDraft | ReplyHeld | ReplyQueued)


def _then_advance(
    state: Conversation, effects: tuple[Effect, ...], now: datetime, policy: ConversationPolicy
) -> Decision:
    if ReloadConversation() in effects:
        return state, effects
    advanced, more = advance(state.steadied(now, policy), now, policy)
    return advanced, effects + more


def _take_in(
    state: Conversation, event: Event, now: datetime, policy: ConversationPolicy
) -> Decision:
    match event:
        case MessageArrived():
            return _received(_in_conversation(state, event, now), event.message, now, policy)
        case MessageEdited():
            return _edited(state, event, now, policy)
        case MessageErased():
            return revisions.forget(state, event, now, policy)
        case ImmediateReplyRequested():
            return _press(state, event, now)
        case TimerFired():
            return drafts.give_up_overdue(state, now, policy)
        case SweepFound(message_id=message_id):
            return drafts.see_if_stuck(state, message_id, now)
        case ConversationChanged():
            return _changed(state, event, now), ()
        case ReplyDropped(is_recalled=True):
            return state, (ReloadConversation(),)
        case ReplyHeld() | ReplyQueued():
            return drafts.queue_ready(_queued(state, event), now, policy)
        case ReplySent() | ReplyUnknown() | ReplyFailed() | ReplyDropped():
            return drafts.queue_ready(_follow(state, event, policy), now, policy)
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
        case HandoverRequested():
            return drafts.take_handover(state, event, now, policy)
        case GenerationFailed():
            return drafts.take_failure(state, event, now, policy)
        case ReplyRefused(is_outdated=True):
            return state, (ReloadConversation(),)
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
        case ReplySent(is_said=False) | ReplyFailed() | ReplyDropped():
            return state.without_item(event.item_id)
        case ReplySent():
            return _with_author(_replied(state, event.item_id, event.at, policy), event)
        case ReplyUnknown():
            return _replied(state, event.item_id, event.at, policy)
        case _:
            assert_never(event)


def _received(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision:
    if message.consent_change is ConsentChange.OPT_IN:
        state = replace(state, has_opted_out=False)
    heeded = consent(state, message, now, policy)
    if heeded is not None:
        return heeded
    first = first_equal(message, state.remembered, policy.dedup)
    if first is not None:
        after = message.received_at - first.received_at
        text = f"same text {seconds(after)} earlier, within {seconds(policy.dedup)}"
        because = Because(Reason.DUPLICATE, text)
        repeat = ConcludeMessages((message.id,), Outcome.DUPLICATE, because, now, first.id)
        return state, (repeat,)
    received = state.gathering(message, remember(message, state.remembered, policy.dedup))
    passed = Step(
        message.id,
        now,
        Stage.DEDUPLICATION,
        "passed",
        f"no duplicate within {seconds(policy.dedup)}",
    )
    steps = RecordSteps((passed, _waiting(received, message, now, policy)))
    if policy.checks_rules and not received.is_pressing:
        return received, (steps, CheckImmediateReply(received.contact, message))
    return received, (steps,)


def _press(state: Conversation, event: ImmediateReplyRequested, now: datetime) -> Decision:
    gathered = tuple(
        replace(each, at_once=True) if each.id == event.message_id else each
        for each in state.gathered
    )
    if not any(each.at_once for each in gathered):
        return state, ()
    passed = Step(event.message_id, now, Stage.DEBOUNCE, "passed", event.because)
    return replace(state, gathered=gathered), (RecordSteps((passed,)),)


def _edited(
    state: Conversation, event: MessageEdited, now: datetime, policy: ConversationPolicy
) -> Decision:
    message = state.find(event.message_id)
    if event.consent_change is None or message is None:
        return revisions.reword(state, event, policy)
    erased = MessageErased(event.contact, event.conversation_id, event.message_id)
    forgotten, effects = revisions.forget(state, erased, now, policy)
    edited = replace(message, text=event.text, consent_change=event.consent_change)
    received, more = _received(forgotten, edited, now, policy)
    return received, effects + more


def _waiting(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Step:
    if state.is_answering:
        detail = f"a reply is in progress; waiting with {len(state.gathered) - 1} other messages"
        return Step(message.id, now, Stage.COOLDOWN, "gathered", detail)
    if state.is_pressing:
        return Step(message.id, now, Stage.DEBOUNCE, "passed", "a tap is answered at once")
    flush_at = state.flush_at(policy) or now
    stage = Stage.COOLDOWN if flush_at == state.cooldown_until else Stage.DEBOUNCE
    detail = f"until {in_text(flush_at)}, {seconds(flush_at - now)} left"
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


def _queued(state: Conversation, event: ReplyHeld | ReplyQueued) -> Conversation:
    if isinstance(event, ReplyHeld):
        held = frozenset[int]() if event.is_private else frozenset({event.item_id})
        return replace(drafts.queued(state, event.input_ids), held=state.held | held)
    if event.reply.author is not Author.BOT:
        return state
    item_id = event.reply.item_id
    without_draft = drafts.queued(state.without_item(item_id), event.input_ids)
    return replace(without_draft, in_flight=state.in_flight | {item_id})


def _replied(
    state: Conversation, item_id: int, at: datetime, policy: ConversationPolicy
) -> Conversation:
    return replace(
        state.with_reply(at, policy).without_item(item_id),
        remembered=tuple(message for message in state.remembered if message.received_at > at),
        cooldown_until=max(at + policy.cooldown, state.cooldown_until or at),
    )


def _with_author(state: Conversation, sent: ReplySent) -> Conversation:
    if sent.author is Author.BOT:
        return replace(state, bot_replied_at=max(sent.at, state.bot_replied_at or sent.at))
    return replace(state, person_until=max(sent.at, state.person_until or sent.at))


def _changed(state: Conversation, event: ConversationChanged, now: datetime) -> Conversation:
    if event.conversation_id != state.conversation_id:
        return state
    until = event.held_until or now
    changed = replace(state, status=event.status, held_until=event.held_until, person_until=until)
    if event.status is ConversationStatus.OPEN:
        return changed
    return replace(changed.emptied(), drafts=())
