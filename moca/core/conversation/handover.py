from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.disclosure import disclosed
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation, Draft
from moca.core.messages.replies import HandOverConversation
from moca.core.policy import ConversationPolicy
from moca.core.types import MadeBy


def hand_over(
    state: Conversation,
    inputs: tuple[Inbound, ...],
    because: str,
    content: Content | None,
    *,
    now: datetime,
    policy: ConversationPolicy,
    made_by: MadeBy | None = None,
) -> tuple[Conversation, HandOverConversation]:
    """Hand the conversation over to the team.

    Messages are gathered until the handover is on disk.
    """
    closing = () if content is None else disclosed(state, content, now, policy)
    leaving = Draft(inputs=inputs, attempt=0, is_queueing=True)
    command = HandOverConversation(
        state.conversation_id, leaving.input_ids, because, closing, at=now, made_by=made_by
    )
    return replace(state.emptied(), drafts=(leaving,), heard_at=now), command
