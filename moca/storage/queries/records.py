from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.types import (
    Author,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Outcome,
    Priority,
    Role,
    Stage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactName:
    """Who a person is, as far as every list shows it."""

    account_id: str
    psid: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecord:
    """A person who wrote to an account."""

    id: int
    account_id: str
    psid: str
    name: str | None
    created_at: datetime
    last_seen_at: datetime
    window_opened_at: datetime | None
    """From here Instagram's 24 hours run."""
    message_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRecord:
    """A stretch of talk with a contact and who may answer in it."""

    id: int
    contact: ContactName
    status: ConversationStatus
    held_until: datetime | None
    """End of a pause or takeover; None while open, or until somebody ends it."""
    held_by: str | None
    """The teammate who has taken it over; None where that is not known."""
    created_at: datetime
    last_user_message_at: datetime | None
    last_bot_message_at: datetime | None
    last_activity_at: datetime
    cooldown_until: datetime | None

    def status_at(self, at: datetime) -> ConversationStatus:
        """Tell who may answer at an instant: a hold that ran out is none."""
        if self.held_until is not None and self.held_until <= at:
            return ConversationStatus.OPEN
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What somebody wrote, and what became of it."""

    id: int
    mid: str
    """Instagram's, or `moca-<id>` while a reply has none."""
    kind: str
    type: str
    role: Role
    author: Author
    author_name: str | None
    """Of the operator who wrote it."""
    text: str = field(repr=False)
    content: Mapping[str, Any] | None = field(repr=False)
    """What goes with the text: media, buttons, what it answers; None where nothing does."""
    status: MessageStatus
    processed: bool
    outcome: Outcome | None
    because: str
    contact: ContactName
    conversation_id: int
    created_at: datetime
    sent_at: datetime | None
    reply_id: int | None
    reply_mid: str | None
    """The reply that answers it."""
    duplicate_of_mid: str | None
    redeliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItemRecord:
    """A reply's place in the queue and how its sending goes."""

    id: int
    message_id: int
    mid: str
    conversation_id: int
    contact: ContactName
    author: Author
    text: str = field(repr=False)
    status: ItemStatus
    priority: Priority
    scheduled_for: datetime
    attempts: int
    because: str
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None
    echoed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One line of a journey."""

    mid: str
    """Whose step it is: the message's own, or its reply's."""
    at: datetime
    stage: Stage
    outcome: str
    detail: str
