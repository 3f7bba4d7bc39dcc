from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import QueueReply
from moca.core.policy import ConversationPolicy
from moca.core.topics import AUTO, TopicMode
from moca.core.types import ClosingMessage, MadeBy


def disclosed(
    state: Conversation, content: Content, now: datetime, policy: ConversationPolicy
) -> tuple[Content, ...]:
    """Add the disclosure that a bot is replying if it is due; contents are in sending order."""
    if state.is_replying or not is_disclosure_due(state, now, policy):
        return (content,)
    disclosure = policy.disclosure
    if content.text and not content.buttons:
        return (replace(content, text=f"{disclosure}\n\n{content.text}"),)
    return (Content(text=disclosure), content)


def reply_with_disclosure(
    state: Conversation,
    input_ids: Iterable[int],
    content: Content,
    now: datetime,
    policy: ConversationPolicy,
    *,
    closing_message: ClosingMessage | None = None,
    is_away_text: bool = False,
    made_of: Iterable[Inbound] = (),
    made_by: MadeBy | None = None,
    mode: TopicMode = AUTO,
) -> tuple[QueueReply, ...]:
    """Queue a reply of the bot, with the disclosure if due. The last part answers the messages.

    The disclosure of a reply that is held is a part of it, so that both end alike.
    """
    *before, last = disclosed(state, content, now, policy)
    key = f"{state.conversation_id} {now.isoformat()}"
    earlier = [
        QueueReply(
            state.conversation_id,
            (),
            each,
            at=now,
            closing_message=closing_message,
            key=f"disclosure {key}",
        )
        for each in before
        if not mode.holds
    ]
    answered = tuple(input_ids)
    answer = QueueReply(
        state.conversation_id,
        answered,
        last,
        at=now,
        closing_message=closing_message,
        is_away_text=is_away_text,
        made_of=tuple(message.text for message in made_of),
        key=None if answered else f"unasked {key}",
        made_by=made_by,
        mode=mode,
        preface=tuple(before) if mode.holds else (),
    )
    return (*earlier, answer)


def is_disclosure_due(state: Conversation, now: datetime, policy: ConversationPolicy) -> bool:
    """Return whether the contact is still to read that a bot replies, or is to read it again."""
    if not policy.disclosure:
        return False
    replied_at, person_until = state.bot_replied_at, state.person_until
    if replied_at is None or now - replied_at >= policy.disclosure_gap:
        return True
    return person_until is not None and person_until >= replied_at
