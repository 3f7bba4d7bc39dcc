from collections.abc import Hashable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.core.content.validation import fault_in
from moca.core.conversation.disclosure import is_disclosure_due, reply_with_disclosure
from moca.core.conversation.effects import Decision, Effect, ReloadConversation
from moca.core.conversation.handover import hand_over
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation, Draft, seconds
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandoverRequested,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
    ShareReply,
)
from moca.core.policy import ConversationPolicy, ReplyMode
from moca.core.reasons import Because, Reason
from moca.core.topics import OTHER, Mode
from moca.core.types import COMMENT_KINDS, MadeBy, Outcome, Stage, Step

Group = tuple[Inbound, ...]


def group(messages: Iterable[Inbound], mode: ReplyMode) -> tuple[Group, ...]:
    """Split a burst into groups that get one reply each, ordered by each group's first message."""
    groups: dict[Hashable, list[Inbound]] = {}
    for message in messages:
        groups.setdefault(_key(message, mode), []).append(message)
    return tuple(tuple(members) for members in groups.values())


def _key(message: Inbound, mode: ReplyMode) -> Hashable:
    if message.kind in COMMENT_KINDS:
        # Each comment is answered by itself, because a private reply answers one comment.
        return message.id
    return None if mode is ReplyMode.COMBINED else (message.type, message.text)


_PATIENCE = timedelta(minutes=2)
"""How long a reply may be in progress without news before the database is consulted."""


def begin(state: Conversation, groups: Iterable[Group]) -> Decision:
    """Request a reply to each group."""
    drafts = tuple(Draft(inputs=inputs, attempt=1) for inputs in groups)
    requests = tuple(GenerateReply(state.contact, draft.inputs, draft.attempt) for draft in drafts)
    return replace(state, drafts=state.drafts + drafts), requests


def see_if_stuck(state: Conversation, unanswered_id: int, now: datetime) -> Decision:
    """Reload the state if it missed this message or, for too long, news of its reply."""
    if not state.drafts and state.find(unanswered_id) is None:
        return state, (ReloadConversation(),)
    if not state.is_answering or state.heard_at is None or now - state.heard_at <= _PATIENCE:
        return state, ()
    if not any(draft.is_generating for draft in state.drafts):
        return state, (ReloadConversation(),)
    # A reply that is being generated has a deadline. Repeating the request of one that waits
    # changes nothing, unless the news that a responder has started on it was lost.
    requests = _ask_again(state)
    return replace(state, heard_at=now) if requests else state, requests


def start(
    state: Conversation, event: GenerationStarted, policy: ConversationPolicy
) -> Conversation:
    """Start an attempt's deadline when a responder starts on it."""
    draft = _asked_for(state, event)
    if draft is None:
        return state
    return _replaced(state, draft, replace(draft, deadline=event.at + policy.generation_timeout))


def take_content(
    state: Conversation, event: ReplyGenerated, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Store the generated content in its draft, and queue the drafts that are next and ready."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    fault = fault_in(event.content)
    if fault is not None:
        return _try_again(state, draft, f"Instagram would reject it: {fault}", now, policy)
    if policy.topics.of(_topic(event.made_by)).mode is Mode.OFF:
        return _leave_to_team(state, draft, _topic(event.made_by), now, policy)
    made = replace(
        draft,
        content=event.content,
        deadline=None,
        is_sample=event.is_sample,
        made_by=event.made_by,
    )
    written = _replaced(state, draft, made)
    queueing, effects = queue_ready(written, now, policy)
    return queueing, (_noted(draft, now, "generated", event.by), *effects)


def take_refusal(
    state: Conversation, event: ReplyDeclined, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Conclude a group that gets no reply."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    because = Because(Reason.NO_REPLY_WANTED, f"no reply needed: {event.because}")
    declined, effects = _end_unanswered(state, draft, because, now, policy)
    return declined, (_noted(draft, now, "declined", event.because), *effects)


def _leave_to_team(
    state: Conversation, draft: Draft, topic: str, now: datetime, policy: ConversationPolicy
) -> Decision:
    because = Because(Reason.TOPIC_OFF, f"the bot does not answer the topic {topic}")
    return _end_unanswered(state, draft, because, now, policy)


def _end_unanswered(
    state: Conversation, draft: Draft, because: str, now: datetime, policy: ConversationPolicy
) -> Decision:
    ended = ConcludeMessages(draft.input_ids, Outcome.SUPPRESSED, because, now)
    remaining, effects = queue_ready(drop(state, draft.input_ids), now, policy)
    return remaining, (ended, *effects)


def _topic(made_by: MadeBy | None) -> str:
    return (made_by and made_by.topic) or OTHER


def take_handover(
    state: Conversation, event: HandoverRequested, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Hand the conversation over to the team at once; every other draft is dropped."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    otherwise = Content(text=policy.hand_over_text) if policy.hand_over_text else None
    is_fit = event.content is not None and fault_in(event.content) is None
    content = event.content if is_fit else otherwise
    handed, command = hand_over(
        state,
        draft.inputs,
        event.because,
        content,
        now=now,
        policy=policy,
        made_by=event.made_by if is_fit else None,
    )
    return handed, (_noted(draft, now, "handed over", event.because), command)


def queue_ready(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Queue the finished drafts in order, up to the first one that is still being generated."""
    effects: tuple[Effect, ...] = ()
    for draft in state.drafts:
        if draft.content is None:
            break
        if draft.is_queueing:
            continue
        if _equal_reply_is_queueing(state, draft) or _waits_for_disclosure(state, now, policy):
            break
        *before, reply = reply_with_disclosure(
            state,
            draft.input_ids,
            draft.content,
            now,
            policy,
            made_of=draft.inputs,
            made_by=draft.made_by,
            mode=policy.topics.of(_topic(draft.made_by)),
        )
        same_as = _message_with_same_reply(state, draft)
        effects += (*before, reply) if same_as is None else (ShareReply(same_as, reply),)
        state = _replaced(state, draft, replace(draft, is_queueing=True))
    return state, effects


def _waits_for_disclosure(state: Conversation, now: datetime, policy: ConversationPolicy) -> bool:
    # The reply that carries the disclosure may still be refused, recalled or fail.
    return state.is_replying and is_disclosure_due(state, now, policy)


def queued(state: Conversation, input_ids: Iterable[int]) -> Conversation:
    """Remove the draft that answers these messages, and remember its content for this burst."""
    ids = set(input_ids)
    left = drop(state, ids)
    said = state.said
    for draft in state.drafts:
        if draft not in left.drafts and draft.content is not None and _may_be_shared(draft):
            said += ((draft.content, min(ids & set(draft.input_ids))),)
    return replace(left, said=said if left.drafts else ())


def _may_be_shared(draft: Draft) -> bool:
    # A comment is answered in private, each with a reply of its own.
    return not draft.is_sample and draft.inputs[0].kind not in COMMENT_KINDS


def _equal_reply_is_queueing(state: Conversation, draft: Draft) -> bool:
    return _may_be_shared(draft) and any(
        each.is_queueing and _may_be_shared(each) and each.content == draft.content
        for each in state.drafts
    )


def _message_with_same_reply(state: Conversation, draft: Draft) -> int | None:
    if not _may_be_shared(draft):
        return None
    return next((to for content, to in state.said if content == draft.content), None)


def take_failure(
    state: Conversation, event: GenerationFailed, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Request the reply again, or conclude the messages as failed after the last attempt."""
    draft = _asked_for(state, event)
    if draft is None:
        return state, ()
    return _try_again(state, draft, event.because, now, policy)


def give_up_overdue(state: Conversation, now: datetime, policy: ConversationPolicy) -> Decision:
    """Treat drafts that are past their deadline as failed."""
    effects: tuple[Effect, ...] = ()
    because = f"no reply within {seconds(policy.generation_timeout)}"
    for draft in state.drafts:
        if draft.deadline is not None and draft.deadline <= now:
            state, more = _try_again(state, draft, because, now, policy)
            effects += more
    return state, effects


def drop(state: Conversation, input_ids: Iterable[int]) -> Conversation:
    """Remove the draft that answers these messages."""
    ended = set(input_ids)
    kept = tuple(draft for draft in state.drafts if ended.isdisjoint(draft.input_ids))
    return replace(state, drafts=kept)


def _ask_again(state: Conversation) -> tuple[GenerateReply, ...]:
    return tuple(
        GenerateReply(state.contact, draft.inputs, draft.attempt)
        for draft in state.drafts
        if draft.is_generating and draft.deadline is None
    )


def _try_again(
    state: Conversation, draft: Draft, because: str, now: datetime, policy: ConversationPolicy
) -> Decision:
    noted = _noted(draft, now, "failed", f"attempt {draft.attempt}: {because}")
    if draft.attempt >= policy.generation_attempts:
        ended = ConcludeMessages(
            draft.input_ids,
            Outcome.FAILED,
            Because(Reason.NO_REPLY_MADE, f"no reply could be generated: {because}"),
            now,
        )
        remaining, effects = queue_ready(drop(state, draft.input_ids), now, policy)
        return remaining, (noted, ended, *effects)
    again = replace(draft, attempt=draft.attempt + 1, deadline=None)
    requests = GenerateReply(state.contact, again.inputs, again.attempt)
    return _replaced(state, draft, again), (noted, requests)


def _asked_for(
    state: Conversation,
    event: GenerationStarted
    | ReplyGenerated
    | ReplyDeclined
    | HandoverRequested
    | GenerationFailed,
) -> Draft | None:
    return next(
        (
            draft
            for draft in state.drafts
            if (draft.input_ids, draft.attempt) == (event.input_ids, event.attempt)
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
