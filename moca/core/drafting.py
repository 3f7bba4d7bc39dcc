from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from moca.core.content import Content
from moca.core.conversation import Conversation, Draft, seconds
from moca.core.disclosure import say
from moca.core.effects import Effect
from moca.core.grouping import Group
from moca.core.handing import hand_over
from moca.core.journey import Step
from moca.core.messages import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
)
from moca.core.policy import ConversationPolicy
from moca.core.validity import fault_in
from moca.core.vocabulary import Outcome, Stage

Decision = tuple[Conversation, tuple[Effect, ...]]


def begin(state: Conversation, groups: Iterable[Group]) -> Decision:
    """Ask for a reply to each group."""
    drafts = tuple(Draft(inputs=inputs, attempt=1) for inputs in groups)
    asked = tuple(GenerateReply(state.contact, draft.inputs, draft.attempt) for draft in drafts)
    return replace(state, drafts=state.drafts + drafts), asked


def ask_again(state: Conversation) -> tuple[GenerateReply, ...]:
    """Ask for the drafts that no responder has taken up."""
    return tuple(
        GenerateReply(state.contact, draft.inputs, draft.attempt)
        for draft in state.drafts
        if draft.is_asked and draft.deadline is None
    )


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
    written = _replaced(state, draft, replace(draft, content=event.content, deadline=None))
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
        if not draft.is_queueing:
            effects += say(state, draft.input_ids, draft.content, now, policy, made_of=draft.inputs)
            state = _replaced(state, draft, replace(draft, is_queueing=True))
    return state, effects


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
