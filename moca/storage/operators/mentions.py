from collections.abc import Sequence

from moca.core.mentions import find_mentions
from moca.core.messages.command import Done
from moca.core.messages.operators import AddNote, MarkMentionsSeen
from moca.core.push import PushKind
from moca.core.types import author_display_name
from moca.storage.db.operator_tables import Mention, Operator
from moca.storage.db.rows import read_rows
from moca.storage.handlers import handles
from moca.storage.operators.push_queue import queue_pushes
from moca.storage.queries.team.account_scope import account_of_conversation, sees_account
from moca.storage.unit_of_work import Batch

_MAX_OPERATORS = 500


def store_mentions(note_id: int, command: AddNote) -> None:
    """Store which operators a new note names; its author already knows of it.

    Who does not see the conversation is not mentioned.
    """
    if "@" not in command.text:
        return
    account_id = account_of_conversation(command.conversation_id) or ""
    seeing = Operator.select(Operator.name, Operator.id).where(sees_account(account_id))
    query = seeing.order_by(Operator.id)
    ids: dict[str, int] = dict(read_rows(query.limit(_MAX_OPERATORS)))
    about = {command.conversation_id: command.at}
    for operator_id in {ids[each.name] for each in find_mentions(command.text, ids)}:
        Mention.insert(
            note=note_id,
            operator=operator_id,
            conversation=command.conversation_id,
            seen_at=command.at if operator_id == command.author_id else None,
        ).execute()
        if operator_id != command.author_id:
            author = author_display_name(command.author)
            queue_pushes(PushKind.MENTION, about, operator_id=operator_id, by=author)


@handles(MarkMentionsSeen)
def mark_mentions_seen(batch: Batch, commands: Sequence[MarkMentionsSeen]) -> None:
    """Store since when an operator knows of what names them in a conversation."""
    for command in commands:
        is_unseen = (
            (Mention.operator == command.operator_id)
            & (Mention.conversation == command.conversation_id)
            & Mention.seen_at.is_null()
        )
        Mention.update(seen_at=command.at).where(is_unseen).execute()
        batch.answer(command.receipt, Done())
