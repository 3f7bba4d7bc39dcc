from collections.abc import Sequence
from typing import Any

from moca.core.conversation.hold import held_because
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import HandOverConversation, QueueReply, ReplyRefused
from moca.core.notifications import NoticeKind
from moca.core.types import ConversationStatus, Outcome, Parting, Stage
from moca.storage.conversations.status import Place, find_place
from moca.storage.db.tables import Conversation
from moca.storage.messages.contact_conversations import leave_to_person
from moca.storage.messages.outcomes import conclude, unanswered_among
from moca.storage.notifications import give_notice
from moca.storage.outbox.cancel import silence_bot
from moca.storage.outbox.enqueue import queue_replies
from moca.storage.unit_of_work import Batch


def hand_over_conversations(batch: Batch, commands: Sequence[HandOverConversation]) -> None:
    """Give conversations to a person: what the bot was to say ends, but for its last words."""
    for command in commands:
        place = find_place(command.conversation_id)
        if place is None:
            continue
        inputs = sorted(unanswered_among(command.input_ids))
        status = place.status_at(command.at)
        if status is not ConversationStatus.OPEN:
            _refuse(batch, command, place, inputs, held_because(status))
        elif not inputs:
            _refuse(batch, command, place, inputs, "nothing is left to answer")
        else:
            _hand_over(batch, command, place, inputs)


def _refuse(
    batch: Batch,
    command: HandOverConversation,
    place: Place,
    inputs: Sequence[int],
    because: str,
) -> None:
    conclude(batch, inputs, Outcome.SUPPRESSED, because, command.at)
    batch.tell(ReplyRefused(place.contact, command.input_ids, because))


def _hand_over(
    batch: Batch, command: HandOverConversation, place: Place, inputs: Sequence[int]
) -> None:
    at, conversation_id = command.at, command.conversation_id
    because = f"handed over to a person: {command.because}"
    for each in inputs:
        batch.note(each, at, Stage.STATE, "handed over", command.because)
    silence_bot(batch, conversation_id, because, at, sparing=inputs)
    if command.contents:
        queue_replies(batch, _last_words(command, tuple(inputs)))
    else:
        conclude(batch, inputs, Outcome.SUPPRESSED, because, at)
    until = at + batch.policy.takeover
    held: Any = Conversation.update(
        status=ConversationStatus.HUMAN.value, held_until=until, held_by=None
    )
    held.where(Conversation.id == conversation_id).execute()
    leave_to_person(conversation_id, until)
    give_notice(
        batch,
        NoticeKind.HANDED_OVER,
        command.because,
        at,
        account_id=place.account_id,
        conversation_id=conversation_id,
    )
    changed = ConversationChanged(place.contact, conversation_id, ConversationStatus.HUMAN, until)
    batch.tell(changed)


def _last_words(command: HandOverConversation, inputs: tuple[int, ...]) -> list[QueueReply]:
    *before, last = command.contents
    said = [(content, ()) for content in before] + [(last, inputs)]
    return [
        QueueReply(command.conversation_id, ids, content, at=command.at, parting=Parting.HAND_OVER)
        for content, ids in said
    ]
