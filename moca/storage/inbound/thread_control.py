from collections.abc import Collection
from datetime import datetime

from moca.core.feed import conversation_event
from moca.core.inbound.events import ThreadControl
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.reasons import because_held
from moca.core.types import ConversationStatus, Stage
from moca.storage.messages.contact_conversations import (
    ContactConversation,
    ContactConversations,
    HoldChange,
    note_teammate_hold,
    note_teammate_reply,
)
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch

_RESUMED_BECAUSE = {
    HoldChange.RAN_OUT: "the hold ended",
    HoldChange.CAME_BACK: "the other app returned the thread",
}


def hand_over(batch: Batch, control: ThreadControl, at: datetime) -> None:
    """Leave a thread to another app, or take it back. A person's hold keeps running meanwhile."""
    conversations = ContactConversations([control.contact])
    conversation = conversations.of(control.contact)
    if control.is_ours:
        is_back = conversation.status == ConversationStatus.STANDBY
        if is_back:
            conversation.take_back(at)
        turn = HoldChange.CAME_BACK if is_back else None
    else:
        conversation.go_on(at)
        turn = conversation.stand_by(at)
    if conversation.conversation_id or not control.is_ours:
        conversations.write()
    if turn is not None:
        write_turn(batch, conversation, turn, at)


def write_turn(
    batch: Batch,
    conversation: ContactConversation,
    turn: HoldChange,
    at: datetime,
    message_id: int | None = None,
    *,
    sparing: Collection[int] = (),
) -> None:
    """Store and announce a change of who may answer.

    If the bot may not, the waiting messages are suppressed, except those in `sparing`.
    """
    if message_id is not None and conversation.status == ConversationStatus.OPEN:
        batch.note(message_id, at, Stage.STATE, "resumed", _RESUMED_BECAUSE[turn])
    status = ConversationStatus(conversation.status)
    changed = ConversationChanged(
        conversation.contact, conversation.conversation_id, status, conversation.held_until
    )
    if turn is HoldChange.RAN_OUT:
        batch.publish(conversation_event(changed, at))
        return
    if turn is HoldChange.CAME_BACK:
        note_teammate_hold(conversation.conversation_id, conversation.held_until or at)
    else:
        note_teammate_reply(conversation.conversation_id, at)
    if status is not ConversationStatus.OPEN:
        silence_bot(batch, conversation.conversation_id, because_held(status), at, sparing=sparing)
    batch.tell_changed(changed, at)
