from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from moca.core.messages.labels import LabelColour
from moca.core.reasons import Reason
from moca.core.snooze import Snooze
from moca.core.types import (
    Author,
    ConversationStatus,
    ItemStatus,
    MadeBy,
    MessageStatus,
    Outcome,
    Priority,
    Role,
    Stage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactName:
    """A contact as identified in every list."""

    account_id: str
    psid: str
    name: str | None
    username: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return the contact of a row by these names."""
        return cls(
            account_id=row["account_id"],
            psid=row["psid"],
            name=row["name"],
            username=row["username"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecord:
    """A contact of an account."""

    id: int
    account_id: str
    psid: str
    name: str | None
    created_at: datetime
    last_seen_at: datetime
    window_opened_at: datetime | None
    """When the contact's reply window last opened."""
    message_count: int
    username: str | None
    picture_url: str | None
    """Instagram's own address of the picture, which may have expired."""
    follower_count: int | None
    follows_account: bool | None
    opted_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """A word with a colour by which operators sort conversations."""

    id: int
    name: str
    colour: LabelColour


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRecord:
    """A conversation with a contact, and who may answer in it."""

    id: int
    contact: ContactName
    status: ConversationStatus
    held_until: datetime | None
    """The end of a pause or takeover; None while open, or if it has no end."""
    held_by: str | None
    """The teammate who has taken it over; None if unknown."""
    created_at: datetime
    last_user_message_at: datetime | None
    last_bot_message_at: datetime | None
    last_activity_at: datetime
    cooldown_until: datetime | None
    needs_reply_since: datetime | None
    """Since when the contact waits for a person; None if nothing does."""
    assignee: str | None
    """The assignee's name."""
    snooze: Snooze | None
    """None once the contact has written, or a person has replied or closed it."""
    labels: tuple[LabelRecord, ...]
    """Sorted by name."""

    def is_snoozed_at(self, at: datetime) -> bool:
        """Return whether it is snoozed at an instant."""
        return self.snooze is not None and not self.snooze.is_over(self.last_user_message_at, at)

    def status_at(self, at: datetime) -> ConversationStatus:
        """Return the status at an instant; an expired hold counts as open."""
        if self.held_until is not None and self.held_until <= at:
            return ConversationStatus.OPEN
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """A message with its outcome."""

    id: int
    mid: str
    """Instagram's id, or `moca-<id>` while a reply has none."""
    kind: str
    type: str
    role: Role
    author: Author
    author_name: str | None
    """The name of the operator who wrote it."""
    text: str = field(repr=False)
    content: Mapping[str, object] | None = field(repr=False)
    """The content beside the text: media, buttons, reply reference; None if there is none."""
    status: MessageStatus
    processed: bool
    outcome: Outcome | None
    because: str
    reason: Reason | None
    contact: ContactName
    conversation_id: int
    created_at: datetime
    sent_at: datetime | None
    reply_id: int | None
    reply_mid: str | None
    """The public id of the reply that answers it."""
    duplicate_of_mid: str | None
    redeliveries: int
    made_by: MadeBy | None
    """What made it; None for people, texts of the settings, and before this was recorded."""
    is_ai_generated: bool | None
    """None for people, and before this was recorded."""
    topic: str | None
    drafted_text: str | None = field(repr=False)
    """What the bot wrote, if a teammate changed it on approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItemRecord:
    """A queue item with the progress of its sending."""

    id: int
    message_id: int
    mid: str
    conversation_id: int
    contact: ContactName
    author: Author
    text: str = field(repr=False)
    status: ItemStatus
    release_at: datetime | None
    """When it is sent by itself, if it is held for a time."""
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
    """A step of a journey."""

    mid: str
    """The public id of the message or reply to which the step belongs."""
    at: datetime
    stage: Stage
    outcome: str
    detail: str
