from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.receipt import Receipt
from moca.core.types import ContactKey, ConversationStatus


@dataclass(frozen=True, slots=True)
class ChangeConversation:
    """Close, reopen, pause or resume a conversation. Web -> Supervisor -> Persistence."""

    conversation_id: int
    status: ConversationStatus
    at: datetime
    until: datetime | None = None
    by: str = field(default="", kw_only=True)
    """The operator's name, shown where a teammate has taken over."""
    among: tuple[ConversationStatus, ...] = field(default=(), kw_only=True)
    """Only these may change; empty for all."""
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """Somebody changed who may answer. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Take a pending reply out of the queue. Web -> Supervisor -> Persistence."""

    item_id: int
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RetryReply:
    """Queue a failed or cancelled reply again. Web -> Supervisor -> Persistence."""

    item_id: int
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SettleReply:
    """Take the operator's word for an unknown reply. Web -> Supervisor -> Persistence."""

    item_id: int
    delivered: bool
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class EditReply:
    """Let a pending reply say something else. Web -> Supervisor -> Persistence."""

    item_id: int
    text: str = field(repr=False)
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Overruling = CancelReply | EditReply | RetryReply | SettleReply
"""The operator's word on a reply of the queue."""


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """A wish for erasure, as it is kept until nothing is left."""

    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EraseContact:
    """Delete a contact and all that belongs to it. Web -> Supervisor -> Persistence."""

    contact: ContactKey
    receipt: Receipt | None = field(default=None, repr=False, compare=False)
    request: ErasureRequest | None = field(default=None, compare=False)
    """By which its completion can be looked up; None where nobody asks for it."""


@dataclass(frozen=True, slots=True)
class ContactErased:
    """Nothing of this contact is left. Persistence -> Supervisor."""

    contact: ContactKey
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FreezeQueue:
    """Let nothing go until it is released. Web -> Supervisor -> Persistence."""

    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReleaseQueue:
    """Let everything go again. Web -> Supervisor -> Persistence."""

    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Freezing = FreezeQueue | ReleaseQueue


@dataclass(frozen=True, slots=True)
class FreezeChanged:
    """The queue was frozen or released, on disk. Persistence -> Sender."""

    is_frozen: bool
