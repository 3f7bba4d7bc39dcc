from dataclasses import replace
from datetime import datetime

from moca.core.conversation.drafts import queue_ready
from moca.core.conversation.effects import Decision, Effect
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation, Draft
from moca.core.messages.inbound import MessageEdited, MessageErased
from moca.core.messages.replies import GenerateReply
from moca.core.policy import ConversationPolicy

_Messages = tuple[Inbound, ...]


def forget(
    state: Conversation, event: MessageErased, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Drop a message that was unsent. A reply that also answers other messages goes on."""
    gathered = _without(state.gathered, event.message_id)
    deferred = _without(state.deferred, event.message_id)
    drafts = (draft for draft in state.drafts if draft.input_ids != (event.message_id,))
    forgotten = replace(
        state,
        gathered=gathered,
        gathering_since=state.gathering_since if gathered else None,
        deferred=deferred,
        deferred_until=state.deferred_until if deferred else None,
        remembered=_without(state.remembered, event.message_id),
        drafts=tuple(
            replace(draft, inputs=_reworded(draft.inputs, event.message_id, "")) for draft in drafts
        ),
    )
    return queue_ready(forgotten, now, policy)


def reword(state: Conversation, event: MessageEdited, policy: ConversationPolicy) -> Decision:
    """Apply an edit to a waiting message. A reply that is not queued yet is generated again.

    A draft without attempts left keeps the messages it was made of, so it is not queued.
    """
    reworded = replace(
        state,
        gathered=_reworded(state.gathered, event.message_id, event.text),
        deferred=_reworded(state.deferred, event.message_id, event.text),
        remembered=_reworded(state.remembered, event.message_id, event.text),
    )
    effects: list[Effect] = []
    drafts = list(state.drafts)
    for place, draft in enumerate(drafts):
        if _can_be_made_anew(draft, event.message_id, policy):
            inputs = _reworded(draft.inputs, event.message_id, event.text)
            attempt = draft.attempt + 1
            drafts[place] = Draft(inputs=inputs, attempt=attempt)
            effects.append(GenerateReply(state.contact, inputs, attempt))
    return replace(reworded, drafts=tuple(drafts)), tuple(effects)


def _can_be_made_anew(draft: Draft, message_id: int, policy: ConversationPolicy) -> bool:
    is_being_made = not draft.is_queueing and message_id in draft.input_ids
    return is_being_made and draft.attempt < policy.generation_attempts


def _without(messages: _Messages, message_id: int) -> _Messages:
    return tuple(message for message in messages if message.id != message_id)


def _reworded(messages: _Messages, message_id: int, text: str) -> _Messages:
    return tuple(
        replace(message, text=text, received=message.received if text else None)
        if message.id == message_id
        else message
        for message in messages
    )
