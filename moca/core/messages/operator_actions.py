from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.command import AuditText, AwaitedCommand
from moca.core.types import ContactKey, ConversationStatus

_STATUS_CHANGES = {
    ConversationStatus.OPEN: "handed the conversation to the bot",
    ConversationStatus.PAUSED: "paused the bot",
    ConversationStatus.HUMAN: "took over the conversation",
    ConversationStatus.CLOSED: "closed the conversation",
}


@dataclass(frozen=True, slots=True)
class ChangeConversation(AwaitedCommand):
    """Close, reopen, pause or resume a conversation. Web -> Persistence."""

    conversation_id: int
    status: ConversationStatus
    at: datetime
    until: datetime | None = None
    by: str = field(default="", kw_only=True)
    """The operator's name, shown where a teammate has taken over."""
    among: tuple[ConversationStatus, ...] = field(default=(), kw_only=True)
    """The statuses from which the change is allowed; empty allows all."""

    def audit_text(self) -> AuditText:
        what = _STATUS_CHANGES.get(self.status, "changed the conversation")
        return AuditText(what, f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class UndoClose(AwaitedCommand):
    """Reopen a conversation as it was before it was closed. Web -> Persistence."""

    conversation_id: int
    at: datetime
    closed_at: datetime
    """Identifies the closing; any other one stays."""

    def audit_text(self) -> AuditText:
        return AuditText("undid closing a conversation", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class SnoozeConversation(AwaitedCommand):
    """Hide a conversation from the open work lists. Web -> Persistence."""

    conversation_id: int
    at: datetime
    until: datetime | None = None
    """None lasts until the contact writes."""

    def audit_text(self) -> AuditText:
        return AuditText("snoozed a conversation", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class UndoSnooze(AwaitedCommand):
    """Restore the snooze before this one, if any. Web -> Persistence."""

    conversation_id: int
    at: datetime
    snoozed_at: datetime
    """Identifies the snooze; any other one stays."""

    def audit_text(self) -> AuditText:
        return AuditText("undid snoozing a conversation", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class UnsnoozeConversation(AwaitedCommand):
    """Return a conversation to its work lists. Web -> Persistence."""

    conversation_id: int
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("ended a snooze", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """The status of a conversation has changed. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class CancelReply(AwaitedCommand):
    """Remove a pending reply from the queue. Web -> Persistence."""

    item_id: int
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("cancelled a reply", f"queue item {self.item_id}")


@dataclass(frozen=True, slots=True)
class RetryReply(AwaitedCommand):
    """Queue a failed or cancelled reply again. Web -> Persistence."""

    item_id: int
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("retried a reply", f"queue item {self.item_id}")


@dataclass(frozen=True, slots=True)
class SettleReply(AwaitedCommand):
    """Settle an unconfirmed send by the operator's decision. Web -> Persistence."""

    item_id: int
    delivered: bool
    at: datetime

    def audit_text(self) -> AuditText:
        fate = "delivered" if self.delivered else "not delivered"
        return AuditText(f"marked a reply as {fate}", f"queue item {self.item_id}")


@dataclass(frozen=True, slots=True)
class EditReply(AwaitedCommand):
    """Change the text of a pending reply. Web -> Persistence."""

    item_id: int
    text: str = field(repr=False)
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("edited a reply", f"queue item {self.item_id}")


@dataclass(frozen=True, slots=True)
class ApproveReply(AwaitedCommand):
    """Send a held reply, as it is or with another text. Web -> Persistence."""

    item_id: int
    at: datetime
    texts: Mapping[int, str] = field(default_factory=dict, repr=False)
    """The new texts of the reply's parts, by queue item; the others stay as they are."""

    def audit_text(self) -> AuditText:
        what = "edited and approved a draft" if self.texts else "approved a draft"
        return AuditText(what, f"queue item {self.item_id}")


@dataclass(frozen=True, slots=True)
class DiscardReply(AwaitedCommand):
    """End a held reply unsent. Web -> Persistence."""

    item_id: int
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("discarded a draft", f"queue item {self.item_id}")


QueueItemCommand = ApproveReply | CancelReply | DiscardReply | EditReply | RetryReply | SettleReply
"""Commands of an operator on a queue item."""


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """A request for erasure, with the code that tracks its progress."""

    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EraseContact(AwaitedCommand):
    """Delete a contact with all its data. Web -> Persistence."""

    contact: ContactKey
    at: datetime = field(compare=False)
    request: ErasureRequest | None = field(default=None, compare=False)
    """The request that tracks its completion; None if it is not tracked."""

    def audit_text(self) -> AuditText:
        # Erased contacts must not remain identifiable in the audit log.
        return AuditText("erased a contact")


@dataclass(frozen=True, slots=True)
class ContactErased:
    """A contact has been erased. Persistence -> Supervisor."""

    contact: ContactKey
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FreezeQueue(AwaitedCommand):
    """Stop sending until the queue is released. Web -> Persistence."""

    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("paused sending")


@dataclass(frozen=True, slots=True)
class ReleaseQueue(AwaitedCommand):
    """Resume sending after a freeze. Web -> Persistence."""

    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("resumed sending")


@dataclass(frozen=True, slots=True)
class FreezeChanged:
    """The queue was frozen or released; the change is stored. Persistence -> Sender."""

    is_frozen: bool
