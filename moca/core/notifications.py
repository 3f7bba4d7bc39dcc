from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What people are told about outside of Moca."""

    HANDED_OVER = "handed_over"
    """The bot gave a conversation to a person."""
    TAKEN_OVER = "taken_over"
    """A person took a conversation, by answering in the Instagram app."""
    ACCOUNT_TROUBLE = "account_trouble"
    """An account's access token is dead."""
    ACCOUNT_QUIET = "account_quiet"
    """No webhook comes for an account that is usually busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people are to be told; never holds what a contact wrote."""

    id: int
    kind: NoticeKind
    because: str
    account_id: str
    psid: str | None = None
    """With the conversation's id, whom it is about; None where it is about an account."""
    conversation_id: int | None = None
    created_at: datetime
    attempts: int = 0
    """Times it was sent in vain."""
