from collections.abc import Sequence
from datetime import datetime

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import SnoozeConversation, UnsnoozeConversation
from moca.storage.db.tables import IS_CURRENT, Conversation
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(SnoozeConversation)
def snooze_conversations(batch: Batch, commands: Sequence[SnoozeConversation]) -> None:
    """Snooze conversations that are not closed; a later snooze replaces an earlier one."""
    for command in commands:
        is_it = Conversation.id == command.conversation_id
        changed = Conversation.update(snoozed_at=command.at, snoozed_until=command.until)
        if changed.where(is_it & IS_CURRENT).execute():
            batch.answer(command.receipt, Done())
        elif Conversation.select().where(is_it).exists():
            batch.answer(command.receipt, Conflict("the conversation is closed"))
        else:
            batch.answer(command.receipt, NotFound())


@handles(UnsnoozeConversation)
def unsnooze_conversations(batch: Batch, commands: Sequence[UnsnoozeConversation]) -> None:
    """End snoozes. A snooze that has already ended is not an error."""
    for command in commands:
        end_snooze(command.conversation_id, command.at)
        is_known = Conversation.select().where(Conversation.id == command.conversation_id).exists()
        batch.answer(command.receipt, Done() if is_known else NotFound())


def end_snooze(conversation_id: int, at: datetime) -> None:
    """End the snooze of a conversation, unless it began later."""
    ended = Conversation.update(snoozed_at=None, snoozed_until=None)
    is_it = (Conversation.id == conversation_id) & (Conversation.snoozed_at <= at)
    ended.where(is_it).execute()
