from collections.abc import Iterable
from typing import Any

from moca.core.vocabulary import COMMENT_KINDS, Role
from moca.storage.models import IS_UNANSWERED, Message
from moca.storage.selection import Selection

_COMMENTS = Selection(
    lambda: Message.select(Message.id, Message.mid).where(
        (Message.kind << COMMENT_KINDS) & IS_UNANSWERED
    ),
    Message.id,
)


def unanswered_comments(message_ids: Iterable[int]) -> dict[int, str]:
    """Tell which of these messages are comments that nobody answers yet, and their ids."""
    return dict(_COMMENTS.among(sorted(set(message_ids))))


def has_private_reply(comment_id: str, account_id: str) -> bool:
    """Tell whether a comment was, or is to be, answered in private: Instagram allows it once."""
    query: Any = Message.select().where(
        (Message.comment_id == comment_id)
        & (Message.account_id == account_id)
        & (Message.role == Role.ASSISTANT.value)
    )
    return bool(query.exists())
