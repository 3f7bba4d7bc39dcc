from dataclasses import dataclass, field
from datetime import datetime

from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.messages.command import AwaitedCommand, Command
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True)
class RecordWebhook(AwaitedCommand):
    """Store a verified webhook, then resolve its receipt. Web -> Persistence."""

    body: bytes = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    received_at: datetime
    signature: str | None = field(default=None, repr=False)
    """The `X-Hub-Signature-256` with which it came, for the node that stores it."""


@dataclass(frozen=True, slots=True)
class RecordSignatureCheck(Command):
    """Record which secret signed a webhook. Web -> Persistence."""

    secret: str
    """The secret's name, or `SIGNED_BY_NOBODY`."""
    at: datetime


SIGNED_BY_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A new message is stored. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message: Inbound
    is_first: bool = False
    """Whether the contact is new, so that nothing else is stored about it."""


@dataclass(frozen=True, slots=True)
class MessageErased:
    """A contact unsent a message. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """An unanswered message was edited. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    conversation_id: int
    message_id: int
    text: str = field(repr=False)
    consent_change: ConsentChange | None = None
    """The change of consent in the edited text."""


@dataclass(frozen=True, slots=True)
class FindMissing(Command):
    """Find messages that were hinted at but never arrived. Supervisor -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class MissingMessage:
    """A message of which only the id is known."""

    account_id: str
    mid: str


@dataclass(frozen=True, slots=True)
class MessagesMissing:
    """The messages that never arrived. Persistence -> Supervisor."""

    messages: tuple[MissingMessage, ...]


@dataclass(frozen=True, slots=True)
class FetchMessage:
    """Read a message by its id. Supervisor -> Courier."""

    missing: MissingMessage


@dataclass(frozen=True, slots=True)
class RecordFetched(Command):
    """Store a message that no webhook carried. Courier -> Persistence."""

    account_id: str
    mid: str
    found: InboundMessage | Echo | None
    at: datetime
    because: str = ""
    """Why nothing was found."""
