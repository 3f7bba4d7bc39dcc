from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from moca.core.reasons import stored_reason
from moca.core.types import Author, MessageStatus, Outcome, Role, Stage
from moca.core.work_lists import waits_for_person
from moca.storage.content_codec import REACTION
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Conversation, JourneyStep, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWords:
    """What a contact wrote last in a conversation."""

    message_id: int
    type: str
    text: str = field(repr=False)
    is_deleted: bool
    because: str
    """Why it is left to the team; empty if it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReply:
    """The account's latest message in a conversation."""

    message_id: int
    author: Author
    author_name: str | None
    status: MessageStatus


def last_words(conversation_ids: Sequence[int]) -> dict[int, ContactWords]:
    """Return what the contact wrote last, by conversation."""
    rows = _WORDS.among(conversation_ids)
    handed_over = dict(_HANDED_OVER.among([message_id for _, message_id, *_ in rows]))
    found = {}
    for conversation_id, message_id, type_, text, deleted_at, outcome, because, reason in rows:
        is_left = outcome is not None and waits_for_person(
            Outcome(outcome), stored_reason(reason, because)
        )
        found[conversation_id] = ContactWords(
            message_id=message_id,
            type=type_,
            text=text,
            is_deleted=deleted_at is not None,
            because=handed_over.get(message_id) or (because if is_left else ""),
        )
    return found


def last_replies(conversation_ids: Sequence[int]) -> dict[int, LastReply]:
    """Return the account's latest message, by conversation."""
    return {
        conversation_id: LastReply(
            message_id=message_id,
            author=Author(author),
            author_name=author_name,
            status=MessageStatus(status),
        )
        for conversation_id, message_id, author, author_name, status in _REPLIES.among(
            conversation_ids
        )
    }


def _latest(role: Role, *columns: Any) -> Any:
    said = Message.alias()
    last = (
        said.select(said.id)
        .where(
            (said.conversation == Conversation.id)
            & (said.role == role.value)
            & (said.kind != REACTION)
        )
        .order_by(said.id.desc())
        .limit(1)
    )
    query: Any = Conversation.select(Message.conversation, Message.id, *columns)
    return query.join(Message, on=(Message.id == last))


_WORDS = Selection(
    lambda: _latest(
        Role.USER,
        Message.type,
        Message.text,
        Message.deleted_at,
        Message.outcome,
        Message.because,
        Message.reason,
    ),
    Conversation.id,
)
_REPLIES = Selection(
    lambda: _latest(Role.ASSISTANT, Message.author, Message.author_name, Message.status),
    Conversation.id,
)
_HANDED_OVER = Selection(
    lambda: JourneyStep.select(JourneyStep.message, JourneyStep.detail).where(
        (JourneyStep.stage == Stage.STATE.value) & (JourneyStep.outcome == "handed over")
    ),
    JourneyStep.message,
)
