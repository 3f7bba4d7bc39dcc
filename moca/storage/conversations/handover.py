from collections.abc import Sequence

from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import HandOverConversation, QueueReply, ReplyRefused
from moca.core.notifications import NotificationKind
from moca.core.reasons import Because, Reason, because_held, code_of
from moca.core.reports import Measure, ReportEvent
from moca.core.types import ClosingMessage, ConversationStatus, Outcome, Stage
from moca.storage.conversations.needs_reply import ask_for_reply
from moca.storage.conversations.status import ConversationState, find_place
from moca.storage.db.tables import Conversation
from moca.storage.handlers import handles
from moca.storage.messages.contact_conversations import note_teammate_hold
from moca.storage.messages.outcomes import conclude, unanswered_among
from moca.storage.notifications import store_notification
from moca.storage.outbox.cancel import silence_bot
from moca.storage.outbox.enqueue import queue_replies
from moca.storage.reports import count_events
from moca.storage.unit_of_work import Batch


@handles(HandOverConversation)
def hand_over_conversations(batch: Batch, commands: Sequence[HandOverConversation]) -> None:
    """Hand conversations over to the team; the bot's last messages are queued, others cancelled."""
    for command in commands:
        place = find_place(command.conversation_id)
        if place is None:
            continue
        inputs = sorted(unanswered_among(command.input_ids))
        status = place.status_at(command.at)
        if status is not ConversationStatus.OPEN:
            _refuse(batch, command, place, inputs, because_held(status))
        elif not inputs:
            _refuse(batch, command, place, inputs, "the messages no longer need a reply")
        else:
            _hand_over(batch, command, place, inputs)


def _refuse(
    batch: Batch,
    command: HandOverConversation,
    place: ConversationState,
    inputs: Sequence[int],
    because: str,
) -> None:
    conclude(batch, inputs, Outcome.SUPPRESSED, because, command.at)
    batch.tell(ReplyRefused(place.contact, command.input_ids, because))


def _hand_over(
    batch: Batch, command: HandOverConversation, place: ConversationState, inputs: Sequence[int]
) -> None:
    at, conversation_id = command.at, command.conversation_id
    code = code_of(command.because) or Reason.HANDED_OVER
    because = Because(code, f"handed over to the team: {command.because}")
    for each in inputs:
        batch.note(each, at, Stage.STATE, "handed over", command.because)
    silence_bot(batch, conversation_id, because, at, sparing=inputs)
    if command.contents:
        queue_replies(batch, _closing_replies(command, tuple(inputs)))
    else:
        conclude(batch, inputs, Outcome.SUPPRESSED, because, at)
    until = at + batch.policy_of(place.account_id).takeover
    held = Conversation.update(
        status=ConversationStatus.HUMAN.value, held_until=until, held_by=None
    )
    held.where(Conversation.id == conversation_id).execute()
    ask_for_reply([conversation_id], at)
    note_teammate_hold(conversation_id, until)
    count_events([ReportEvent(place.account_id, at, Measure.HANDED_OVER, command.because)])
    store_notification(
        batch,
        NotificationKind.HANDED_OVER,
        command.because,
        at,
        account_id=place.account_id,
        conversation_id=conversation_id,
    )
    changed = ConversationChanged(place.contact, conversation_id, ConversationStatus.HUMAN, until)
    batch.tell_changed(changed, at)


def _closing_replies(command: HandOverConversation, inputs: tuple[int, ...]) -> list[QueueReply]:
    *before, last = command.contents
    closing = [(content, (), None) for content in before] + [(last, inputs, command.made_by)]
    return [
        QueueReply(
            command.conversation_id,
            ids,
            content,
            at=command.at,
            closing_message=ClosingMessage.HAND_OVER,
            made_by=made_by,
        )
        for content, ids, made_by in closing
    ]
