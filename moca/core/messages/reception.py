from dataclasses import dataclass, field
from datetime import datetime

from moca.core.consent import Wish
from moca.core.contact import ContactKey
from moca.core.messages.receipt import Receipt
from moca.core.snapshot import Inbound
from moca.core.webhook import Event


@dataclass(frozen=True, slots=True)
class RecordWebhook:
    """Store a verified webhook, then answer its receipt. Web -> Supervisor -> Persistence."""

    body: bytes = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    received_at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NoteSigning:
    """Remember which secret signs webhooks. Web -> Supervisor -> Persistence."""

    secret: str
    """The secret's name, or `SIGNED_BY_NOBODY`."""
    at: datetime


SIGNED_BY_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A new message is on disk. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message: Inbound
    is_first: bool = False
    """Whether the contact is new, so that there is nothing else to know of them."""


@dataclass(frozen=True, slots=True)
class MessageErased:
    """A contact unsent a message. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """An unanswered message reads otherwise now. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message_id: int
    text: str = field(repr=False)
    wish: Wish | None = None
    """What it changes about being written to, read so."""
