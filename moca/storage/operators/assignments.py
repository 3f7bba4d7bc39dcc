from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operators import AssignConversation
from moca.core.push import PushKind
from moca.storage.db.operator_tables import Operator
from moca.storage.db.tables import IS_CURRENT, Conversation
from moca.storage.handlers import handles
from moca.storage.operators.push_queue import queue_pushes
from moca.storage.unit_of_work import Batch


@handles(AssignConversation)
def assign_conversations(batch: Batch, commands: Sequence[AssignConversation]) -> None:
    """Assign conversations, unless the operator was removed in the meantime."""
    for command in commands:
        operator_id = command.operator_id
        if operator_id is not None and not _exists(operator_id):
            batch.answer(command.receipt, Conflict("this user has been removed"))
            continue
        is_it = Conversation.id == command.conversation_id
        is_new = Conversation.assignee_id.is_null() | (Conversation.assignee_id != operator_id)
        _push(command, is_news=Conversation.select().where(is_it & is_new).exists())
        is_known = Conversation.update(assignee_id=operator_id).where(is_it).execute()
        batch.answer(command.receipt, Done() if is_known else NotFound())


def _push(command: AssignConversation, *, is_news: bool) -> None:
    if command.at is None or command.operator_id in {None, command.by_id} or not is_news:
        return
    about = {command.conversation_id: command.at}
    queue_pushes(PushKind.ASSIGNMENT, about, operator_id=command.operator_id, by=command.by)


def assign_to_author(conversation_id: int, operator_id: int) -> None:
    """Assign a conversation to the operator who replied, if it is not assigned yet."""
    is_free = (Conversation.id == conversation_id) & Conversation.assignee_id.is_null()
    if _exists(operator_id):
        Conversation.update(assignee_id=operator_id).where(is_free).execute()


def unassign_all(operator_id: int) -> None:
    """Release the open conversations of a removed operator."""
    hers = (Conversation.assignee_id == operator_id) & IS_CURRENT
    Conversation.update(assignee_id=None).where(hers).execute()


def unassign_if_removed(conversation_id: int) -> None:
    """Release a reopened conversation if its operator has been removed."""
    operators = Operator.select(Operator.id)
    is_it = (Conversation.id == conversation_id) & Conversation.assignee_id.not_in(operators)
    Conversation.update(assignee_id=None).where(is_it).execute()


def _exists(operator_id: int) -> bool:
    return bool(Operator.select().where(Operator.id == operator_id).exists())
