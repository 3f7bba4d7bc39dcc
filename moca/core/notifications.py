from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NotificationKind(StrEnum):
    """The occasions for a notification to a person outside Moca."""

    HANDED_OVER = "handed_over"
    """The bot handed a conversation over to the team."""
    TAKEN_OVER = "taken_over"
    """Someone took over a conversation by replying in the Instagram app."""
    ACCOUNT_PROBLEM = "account_trouble"
    """An account's access token is dead."""
    BUDGET_SPENT = "budget_spent"
    """The language model's calls for this day or hour are spent."""
    ACCOUNT_QUIET = "account_quiet"
    """No webhooks arrive for an account that is usually busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification to be sent; never contains what a contact wrote."""

    id: int
    kind: NotificationKind
    because: str
    account_id: str
    psid: str | None = None
    """The contact it concerns, with the conversation's id; None if it concerns an account."""
    conversation_id: int | None = None
    created_at: datetime
    attempts: int = 0
    """The number of failed attempts to send it."""
