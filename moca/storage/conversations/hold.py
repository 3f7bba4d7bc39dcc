from datetime import datetime

from moca.core.conversation.hold import Hold, hold_after_reply
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import QueueReply
from moca.core.reasons import Because, Reason
from moca.core.types import ContactKey, ConversationStatus
from moca.storage.db.tables import Conversation
from moca.storage.messages.contact_conversations import note_teammate_hold, note_teammate_reply
from moca.storage.outbox.cancel import end_teammates_drafts, silence_bot
from moca.storage.unit_of_work import Batch

_BECAUSE = Because(Reason.TEAMMATE_REPLIED)


def take_over(batch: Batch, command: QueueReply, contact: ContactKey, before: Hold) -> None:
    """Hold the bot in a conversation because an operator's reply was queued in it."""
    hold = hold_after_reply(before, command.at, batch.policy_of(contact.account_id).takeover)
    hold_for_teammate(
        batch,
        contact,
        command.conversation_id,
        hold,
        because=_BECAUSE,
        by=command.author_name,
        at=command.at,
    )


def hold_for_teammate(
    batch: Batch,
    contact: ContactKey,
    conversation_id: int,
    hold: Hold,
    *,
    because: str,
    by: str,
    at: datetime,
) -> None:
    """Store and announce a hold after a teammate's reply; cancel drafts and the bot's replies."""
    silence_bot(batch, conversation_id, because, at)
    end_teammates_drafts(batch, conversation_id, because, at)
    held = Conversation.update(status=hold.status.value, held_until=hold.until, held_by=by or None)
    held.where(Conversation.id == conversation_id).execute()
    # The other app keeps the thread, regardless of who wrote.
    if hold.status is ConversationStatus.STANDBY:
        note_teammate_reply(conversation_id, at)
    else:
        note_teammate_hold(conversation_id, hold.until or at)
    changed = ConversationChanged(contact, conversation_id, hold.status, hold.until)
    batch.tell_changed(changed, at)
