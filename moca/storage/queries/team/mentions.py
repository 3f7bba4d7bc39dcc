from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.storage.db.operator_tables import Mention, Note, Operator
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Contact, Conversation
from moca.storage.queries.conversations import conversation_rows, records_of
from moca.storage.queries.records import ConversationRecord
from moca.storage.queries.team.account_scope import narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRecord:
    """A note that mentions an operator who has not seen it yet."""

    conversation: ConversationRecord
    author: str
    at: datetime


def has_unseen_mention(operator_id: int | None) -> Any:
    """Return the condition that a conversation mentions an operator who has not seen it yet."""
    return Conversation.id << _unseen(operator_id).select(Mention.conversation)


def is_mention_unseen(conversation_id: int, operator_id: int) -> bool:
    """Return whether a conversation mentions an operator who has not seen it yet."""
    is_it = Mention.conversation == conversation_id
    return bool(_unseen(operator_id).where(is_it).exists())


def latest_mentions(
    operator_id: int, *, limit: int, scope: AccountScope = ALL_ACCOUNTS
) -> tuple[MentionRecord, ...]:
    """Return the latest mentions that an operator has not seen yet, latest first."""
    query = _unseen(operator_id).select(Mention.conversation, Note.author, Note.created_at)
    if scope.is_limited:
        conversations = Conversation.select(Conversation.id).join(Contact)
        query = query.where(Mention.conversation << narrow(conversations, scope))
    rows = list(read_rows(query.join(Note).order_by(Note.id.desc()).limit(limit)))
    ids = {conversation_id for conversation_id, _, _ in rows}
    found = conversation_rows().where(Conversation.id << sorted(ids)) if ids else ()
    known = {each.id: each for each in records_of(found)}
    return tuple(
        MentionRecord(conversation=known[conversation_id], author=author, at=at)
        for conversation_id, author, at in rows
        if conversation_id in known  # Its contact may be erased between the two queries.
    )


def mentioned_in(note_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of the operators that notes mention, sorted, by the ids of the notes.

    Removed operators are mentioned no longer.
    """
    query = Mention.select(Mention.note, Operator.name).join(Operator)
    among = query.where(Mention.note << list(note_ids)).order_by(Operator.name)
    found: dict[int, tuple[str, ...]] = {}
    for row in read_dicts(among) if note_ids else ():
        found[row["note"]] = (*found.get(row["note"], ()), row["name"])
    return found


def _unseen(operator_id: int | None) -> Any:
    return Mention.select().where((Mention.operator == operator_id) & Mention.seen_at.is_null())
