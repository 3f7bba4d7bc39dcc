from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operators import AssignConversation
from moca.core.push import PushKind
from moca.storage.db.operator_tables import Operator
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation
from moca.storage.handlers import handles
from moca.storage.operators.push_queue import queue_pushes
from moca.storage.queries.team.account_scope import account_of_conversation, scope_of_operator
from moca.storage.unit_of_work import Batch


@handles(AssignConversation)
def assign_conversations(batch: Batch, commands: Sequence[AssignConversation]) -> None:
    """Assign conversations, unless the operator was removed, or may not see them."""
    for command in commands:
        operator_id = command.operator_id
        conversation_id = command.conversation_id
        because = None if operator_id is None else _refusal(conversation_id, operator_id)
        if because is not None:
            batch.answer(command.receipt, Conflict(because))
            continue
        is_it = Conversation.id == conversation_id
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


def unassign_out_of_scope(operator_id: int) -> None:
    """Release the open conversations of accounts that an operator may not see any more."""
    account_ids = scope_of_operator(operator_id).account_ids
    if account_ids is None:
        return
    hidden = Contact.select(Contact.id).where(Contact.account_id.not_in(sorted(account_ids)))
    hers = (Conversation.assignee_id == operator_id) & IS_CURRENT
    released = Conversation.update(assignee_id=None)
    released.where(hers & (Conversation.contact << hidden)).execute()


def unassign_if_unseen(conversation_id: int) -> None:
    """Release a reopened conversation if its operator was removed, or may not see it any more."""
    is_it = Conversation.id == conversation_id
    for (operator_id,) in read_rows(Conversation.select(Conversation.assignee_id).where(is_it)):
        if operator_id is not None and _refusal(conversation_id, operator_id) is not None:
            Conversation.update(assignee_id=None).where(is_it).execute()


def _refusal(conversation_id: int, operator_id: int) -> str | None:
    """Return why a conversation cannot be assigned to an operator, or None if it can."""
    if not _exists(operator_id):
        return "this user has been removed"
    account_id = account_of_conversation(conversation_id)
    if account_id is None or scope_of_operator(operator_id).includes(account_id):
        return None
    return "this user does not see this account"


def _exists(operator_id: int) -> bool:
    return bool(Operator.select().where(Operator.id == operator_id).exists())
