from dataclasses import dataclass, field
from datetime import datetime

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
class MessageArrived:
    """A new message is on disk. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message: Inbound
