from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from moca.core.conversation import Conversation, Draft, seconds
from moca.core.effects import Effect
from moca.core.grouping import Group
from moca.core.journey import Step
from moca.core.messages import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    QueueReply,
    RecordSteps,
    ReplyGenerated,
)
from moca.core.policy import ConversationPolicy
from moca.core.vocabulary import Outcome, Stage

Decision = tuple[Conversation, tuple[Effect, ...]]


def begin(state: Conversation, groups: Iterable[Group]) -> Decision:
    """Ask for a reply to each group."""
    drafts = tuple(Draft(inputs=inputs, attempt=1) for inputs in groups)
    asked = tuple(GenerateReply(state.contact, draft.inputs, draft.attempt) for draft in drafts)
    return replace(state, drafts=state.drafts + drafts), asked


def start(
    state: Conversation, event: GenerationStarted, policy: ConversationPolicy
) -> Conversation:
    """Let an attempt's time run from when a responder took it up."""
    draft = _asked_for(state, event)
    if draft is None:
        return state
    return _replaced(state, draft, replace(draft, deadline=event.at + policy.generation_timeout))


def take_text(state: Conversation, event: ReplyGenerated, now: datetime) -> Decision:
    """Put a reply's text into its draft, and queue what is next in order and ready."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    made = [Step(each, now, Stage.GENERATION, "generated") for each in draft.input_ids]
    written = _replaced(state, draft, replace(draft, text=event.text, deadline=None))
    queueing, effects = queue_ready(written, now)
    return queueing, (RecordSteps(tuple(made)), *effects)


def queue_ready(state: Conversation, now: datetime) -> Decision:
    """Queue the drafts that are written, as far as none before them is still being made."""
    effects: list[Effect] = []
    drafts = list(state.drafts)
    for place, draft in enumerate(drafts):
        if draft.text is None:
            break
        if not draft.is_queueing:
            drafts[place] = replace(draft, is_queueing=True)
            effects.append(
                QueueReply(state.conversation_id, draft.input_ids, text=draft.text, at=now)
            )
    return replace(state, drafts=tuple(drafts)), tuple(effects)


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
    failed = [
        Step(each, now, Stage.GENERATION, "failed", f"attempt {draft.attempt}: {because}")
        for each in draft.input_ids
    ]
    noted = RecordSteps(tuple(failed))
    if draft.attempt >= policy.generation_attempts:
        ended = ConcludeMessages(
            draft.input_ids, Outcome.FAILED, f"no reply could be made: {because}", now
        )
        remaining, effects = queue_ready(drop(state, draft.input_ids), now)
        return remaining, (noted, ended, *effects)
    again = replace(draft, attempt=draft.attempt + 1, deadline=None)
    asked = GenerateReply(state.contact, again.inputs, again.attempt)
    return _replaced(state, draft, again), (noted, asked)


def _asked_for(
    state: Conversation, event: GenerationStarted | ReplyGenerated | GenerationFailed
) -> Draft | None:
    return next(
        (
            draft
            for draft in state.drafts
            if (draft.first_id, draft.attempt) == (event.first_id, event.attempt)
            and draft.text is None
        ),
        None,
    )


def _replaced(state: Conversation, old: Draft, new: Draft) -> Conversation:
    return replace(state, drafts=tuple(new if draft is old else draft for draft in state.drafts))
