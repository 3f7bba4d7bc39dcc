from collections.abc import Sequence
from datetime import datetime

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    SnoozeConversation,
    UndoSnooze,
    UnsnoozeConversation,
)
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_CURRENT, Conversation
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(SnoozeConversation)
def snooze_conversations(batch: Batch, commands: Sequence[SnoozeConversation]) -> None:
    """Snooze conversations that are not closed; a later snooze replaces an earlier one."""
    for command in commands:
        is_it = Conversation.id == command.conversation_id
        changed = Conversation.update(
            snoozed_at=command.at,
            snoozed_until=command.until,
            earlier_snoozed_at=Conversation.snoozed_at,
            earlier_snoozed_until=Conversation.snoozed_until,
        )
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


@handles(UndoSnooze)
def undo_snoozes(batch: Batch, commands: Sequence[UndoSnooze]) -> None:
    """Put the snooze before it, or none, in the place of each snooze that still is the latest."""
    for command in commands:
        is_it = Conversation.id == command.conversation_id
        undone = Conversation.update(
            snoozed_at=Conversation.earlier_snoozed_at,
            snoozed_until=Conversation.earlier_snoozed_until,
            earlier_snoozed_at=None,
            earlier_snoozed_until=None,
        )
        if undone.where(is_it & (Conversation.snoozed_at == command.snoozed_at)).execute():
            batch.answer(command.receipt, Done())
            continue
        rows = list(read_rows(Conversation.select(Conversation.snoozed_at).where(is_it)))
        batch.answer(command.receipt, _why_not_undone(*rows[0]) if rows else NotFound())


def _why_not_undone(snoozed_at: datetime | None) -> Conflict:
    if snoozed_at is None:
        return Conflict("the snooze has been ended since")
    return Conflict("the conversation has been snoozed again since")


def end_snooze(conversation_id: int, at: datetime) -> None:
    """End the snooze of a conversation, unless it began later."""
    ended = Conversation.update(snoozed_at=None, snoozed_until=None)
    is_it = (Conversation.id == conversation_id) & (Conversation.snoozed_at <= at)
    ended.where(is_it).execute()
