from collections.abc import Hashable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.core.content.validation import fault_in
from moca.core.conversation.disclosure import say
from moca.core.conversation.effects import Effect, Reload
from moca.core.conversation.handover import hand_over
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation, Draft, seconds
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
    ShareReply,
)
from moca.core.policy import ConversationPolicy, ReplyMode
from moca.core.types import COMMENT_KINDS, Outcome, Stage, Step

Group = tuple[Inbound, ...]


def group(messages: Iterable[Inbound], mode: ReplyMode) -> tuple[Group, ...]:
    """Part a burst into what gets one reply each, in the order in which each part began."""
    groups: dict[Hashable, list[Inbound]] = {}
    for message in messages:
        groups.setdefault(_key(message, mode), []).append(message)
    return tuple(tuple(members) for members in groups.values())


def _key(message: Inbound, mode: ReplyMode) -> Hashable:
    if message.kind in COMMENT_KINDS:
        # Each comment is answered by itself, for a private reply goes to one comment.
        return message.id
    return None if mode is ReplyMode.COMBINED else (message.type, message.text)


Decision = tuple[Conversation, tuple[Effect, ...]]

_PATIENCE = timedelta(minutes=2)
"""How long a reply may be under way unheard of before the database is asked about it."""


def begin(state: Conversation, groups: Iterable[Group]) -> Decision:
    """Ask for a reply to each group."""
    drafts = tuple(Draft(inputs=inputs, attempt=1) for inputs in groups)
    asked = tuple(GenerateReply(state.contact, draft.inputs, draft.attempt) for draft in drafts)
    return replace(state, drafts=state.drafts + drafts), asked


def see_if_stuck(state: Conversation, now: datetime) -> Decision:
    """Ask the database about a reply that nothing was heard of for too long."""
    if not state.is_answering or state.heard_at is None or now - state.heard_at <= _PATIENCE:
        return state, ()
    if not any(draft.is_asked for draft in state.drafts):
        return state, (Reload(),)
    # One that is being made has a time limit. Asking again for one that waits changes nothing,
    # unless the news was lost that a responder has taken it up.
    asked = _ask_again(state)
    return replace(state, heard_at=now) if asked else state, asked


def start(
    state: Conversation, event: GenerationStarted, policy: ConversationPolicy
) -> Conversation:
    """Let an attempt's time run from when a responder took it up."""
    draft = _asked_for(state, event)
    if draft is None:
        return state
    return _replaced(state, draft, replace(draft, deadline=event.at + policy.generation_timeout))


def take_content(
    state: Conversation, event: ReplyGenerated, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Put a reply's content into its draft, and queue what is next in order and ready."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    fault = fault_in(event.content)
    if fault is not None:
        return _try_again(state, draft, f"Instagram would refuse it: {fault}", now, policy)
    made = replace(draft, content=event.content, deadline=None, is_sample=event.is_sample)
    written = _replaced(state, draft, made)
    queueing, effects = queue_ready(written, now, policy)
    return queueing, (_noted(draft, now, "generated", event.by), *effects)


def take_refusal(
    state: Conversation, event: ReplyDeclined, now: datetime, policy: ConversationPolicy
) -> Decision:
    """End a group that is to get no reply."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    ended = ConcludeMessages(
        draft.input_ids, Outcome.SUPPRESSED, f"no reply is wanted: {event.because}", now
    )
    remaining, effects = queue_ready(drop(state, draft.input_ids), now, policy)
    return remaining, (_noted(draft, now, "declined", event.because), ended, *effects)


def take_hand_over(
    state: Conversation, event: HandOverAsked, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Give the conversation to a person at once: whatever else was to be said is theirs."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    otherwise = Content(text=policy.hand_over_text) if policy.hand_over_text else None
    is_fit = event.content is not None and fault_in(event.content) is None
    content = event.content if is_fit else otherwise
    handed, command = hand_over(state, draft.inputs, event.because, content, now=now, policy=policy)
    return handed, (_noted(draft, now, "handed over", event.because), command)


def queue_ready(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Queue the drafts that are written, as far as none before them is still being made."""
    effects: tuple[Effect, ...] = ()
    for draft in state.drafts:
        if draft.content is None:
            break
        if draft.is_queueing:
            continue
        if _is_about_to_be_said(state, draft):
            break
        *before, reply = say(
            state, draft.input_ids, draft.content, now, policy, made_of=draft.inputs
        )
        same_as = _said_to(state, draft)
        effects += (*before, reply) if same_as is None else (ShareReply(same_as, reply),)
        state = _replaced(state, draft, replace(draft, is_queueing=True))
    return state, effects


def queued(state: Conversation, input_ids: Iterable[int]) -> Conversation:
    """Drop the draft that answers these messages, and remember what it said to the burst."""
    ids = set(input_ids)
    left = drop(state, ids)
    said = state.said
    for draft in state.drafts:
        if draft not in left.drafts and draft.content is not None and _may_be_shared(draft):
            said += ((draft.content, min(ids & set(draft.input_ids))),)
    return replace(left, said=said if left.drafts else ())


def _may_be_shared(draft: Draft) -> bool:
    # A comment is answered in private, each by a reply of its own.
    return not draft.is_sample and draft.inputs[0].kind not in COMMENT_KINDS


def _is_about_to_be_said(state: Conversation, draft: Draft) -> bool:
    return _may_be_shared(draft) and any(
        each.is_queueing and _may_be_shared(each) and each.content == draft.content
        for each in state.drafts
    )


def _said_to(state: Conversation, draft: Draft) -> int | None:
    if not _may_be_shared(draft):
        return None
    return next((to for content, to in state.said if content == draft.content), None)


def take_failure(
    state: Conversation, event: GenerationFailed, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Ask once more, or record that no reply could be made."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    return _try_again(state, draft, event.because, now, policy)


def give_up_overdue(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Treat drafts that are past their deadline as failed."""
    effects: tuple[Effect, ...] = ()
    because = f"nothing came within {seconds(policy.generation_timeout)}"
    for draft in state.drafts:
        if draft.deadline is not None and draft.deadline <= now:
            state, more = _try_again(state, draft, because, now, policy)
            effects += more
    return state, effects


def drop(state: Conversation, input_ids: Iterable[int]) -> Conversation:
    """Forget the draft that answers these messages."""
    ended = set(input_ids)
    kept = tuple(draft for draft in state.drafts if ended.isdisjoint(draft.input_ids))
    return replace(state, drafts=kept)


def _ask_again(state: Conversation) -> tuple[GenerateReply, ...]:
    return tuple(
        GenerateReply(state.contact, draft.inputs, draft.attempt)
        for draft in state.drafts
        if draft.is_asked and draft.deadline is None
    )


def _try_again(
    state: Conversation, draft: Draft, because: str, now: datetime, policy: ConversationPolicy
) -> Decision:
    noted = _noted(draft, now, "failed", f"attempt {draft.attempt}: {because}")
    if draft.attempt >= policy.generation_attempts:
        ended = ConcludeMessages(
            draft.input_ids, Outcome.FAILED, f"no reply could be made: {because}", now
        )
        remaining, effects = queue_ready(drop(state, draft.input_ids), now, policy)
        return remaining, (noted, ended, *effects)
    again = replace(draft, attempt=draft.attempt + 1, deadline=None)
    asked = GenerateReply(state.contact, again.inputs, again.attempt)
    return _replaced(state, draft, again), (noted, asked)


def _asked_for(
    state: Conversation,
    event: GenerationStarted | ReplyGenerated | ReplyDeclined | HandOverAsked | GenerationFailed,
) -> Draft | None:
    return next(
        (
            draft
            for draft in state.drafts
            if (draft.first_id, draft.attempt) == (event.first_id, event.attempt)
            and draft.content is None
        ),
        None,
    )


def _noted(draft: Draft, now: datetime, outcome: str, detail: str) -> RecordSteps:
    return RecordSteps(
        tuple(Step(each, now, Stage.GENERATION, outcome, detail) for each in draft.input_ids)
    )


def _replaced(state: Conversation, old: Draft, new: Draft) -> Conversation:
    return replace(state, drafts=tuple(new if draft is old else draft for draft in state.drafts))
