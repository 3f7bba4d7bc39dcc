from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import QueueReply
from moca.core.policy import ConversationPolicy
from moca.core.types import Parting


def disclosed(
    state: Conversation, content: Content, now: datetime, policy: ConversationPolicy
) -> tuple[Content, ...]:
    """Put before what the bot says that it is one, where that is due; in the order of sending."""
    if not _is_due(state, now, policy):
        return (content,)
    disclosure = policy.disclosure
    if content.text and not content.buttons:
        return (replace(content, text=f"{disclosure}\n\n{content.text}"),)
    return (Content(text=disclosure), content)


def say(
    state: Conversation,
    input_ids: Iterable[int],
    content: Content,
    now: datetime,
    policy: ConversationPolicy,
    *,
    parting: Parting | None = None,
    is_away_text: bool = False,
    made_of: Iterable[Inbound] = (),
) -> tuple[QueueReply, ...]:
    """Queue what the bot says; the last part answers the messages."""
    *before, last = disclosed(state, content, now, policy)
    key = f"{state.conversation_id} {now.isoformat()}"
    earlier = [
        QueueReply(
            state.conversation_id, (), each, at=now, parting=parting, key=f"disclosure {key}"
        )
        for each in before
    ]
    answered = tuple(input_ids)
    answer = QueueReply(
        state.conversation_id,
        answered,
        last,
        at=now,
        parting=parting,
        is_away_text=is_away_text,
        made_of=tuple(message.text for message in made_of),
        key=None if answered else f"unasked {key}",
    )
    return (*earlier, answer)


def _is_due(state: Conversation, now: datetime, policy: ConversationPolicy) -> bool:
    is_speaking = bool(state.in_flight) or any(draft.is_queueing for draft in state.drafts)
    if not policy.disclosure or is_speaking:
        return False
    spoke_at, person_until = state.bot_spoke_at, state.person_until
    if spoke_at is None or now - spoke_at >= policy.disclosure_gap:
        return True
    return person_until is not None and person_until >= spoke_at
