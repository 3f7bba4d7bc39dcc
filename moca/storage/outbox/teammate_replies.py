from moca.core.messages.replies import QueueReply
from moca.storage.conversations.hold import take_over
from moca.storage.conversations.needs_reply import mark_replied
from moca.storage.conversations.snooze import end_snooze
from moca.storage.operators.assignments import assign_to_author
from moca.storage.outbox.destinations import Destination
from moca.storage.reports import TeammateReply, count_teammate_reply
from moca.storage.unit_of_work import Batch


def follow_teammate_reply(
    batch: Batch, command: QueueReply, place: Destination, message_id: int
) -> None:
    """Hold the bot, and record that the team has answered, after a teammate's reply was queued.

    A reaction is no answer.
    """
    conversation_id = command.conversation_id
    is_answer = command.content.reaction is None
    if is_answer:
        count_teammate_reply(
            TeammateReply(
                account_id=place.account_id,
                conversation_id=conversation_id,
                message_id=message_id,
                author=command.author,
                name=command.author_name,
                at=command.at,
            )
        )
    if command.hold:
        take_over(batch, command, place.contact, place.hold)
    if not is_answer:
        return
    mark_replied(conversation_id)
    end_snooze(conversation_id, command.at)
    if command.author_id is not None:
        assign_to_author(conversation_id, command.author_id)
