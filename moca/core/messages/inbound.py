from dataclasses import dataclass, field
from datetime import datetime

from moca.core.conversation.consent import Wish
from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.messages.receipt import Receipt
from moca.core.types import ContactKey


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


@dataclass(frozen=True, slots=True)
class FindMissing:
    """Look for messages that were hinted at and never came. Supervisor -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class MissingMessage:
    """A message of which only the id is known."""

    account_id: str
    mid: str


@dataclass(frozen=True, slots=True)
class MessagesMissing:
    """These messages never came. Persistence -> Supervisor."""

    messages: tuple[MissingMessage, ...]


@dataclass(frozen=True, slots=True)
class FetchMessage:
    """Read a message by its id. Supervisor -> Courier."""

    missing: MissingMessage


@dataclass(frozen=True, slots=True)
class RecordFetched:
    """Take in a message that no webhook told. Courier -> Persistence."""

    account_id: str
    mid: str
    found: InboundMessage | Echo | None
    at: datetime
    because: str = ""
    """Why nothing was found."""
