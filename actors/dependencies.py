import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from actors.background.jobs import BackgroundConfig
from actors.background.missing_messages import LOOK_EVERY
from actors.bots.bot import BotOf
from actors.responder import Recall, recall_nothing
from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import (
    DeliveryResult,
    KnownMessages,
    RecordUnreadable,
    VerificationResult,
)
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey
from moca.instagram.graph import Profile
from moca.instagram.request_bodies import SenderAction
from moca.storage.writer import Writer


class GraphPort(Protocol):
    """What couriers ask of Instagram; `GraphClient` is the production implementation."""

    def prepare(self, account_id: str) -> None:
        """Load what the account's next call needs, so that the call starts without delay."""

    def send(self, contact: ContactKey, content: Content, way: ReplyAddress) -> DeliveryResult:
        """Send a message once and return the result."""

    def act(self, contact: ContactKey, action: SenderAction) -> str | None:
        """Show the contact a sender action; return None, or why it could not be shown."""

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> VerificationResult:
        """Search Instagram's record for a message sent to a contact since an instant."""

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | RecordUnreadable:
        """Read one message."""

    def profile(self, contact: ContactKey) -> Profile | RecordUnreadable:
        """Read a contact's profile."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The actors' collaborators outside the system."""

    open_writer: Callable[[], Writer]
    bot_of: BotOf
    responders: int = 8
    """How many slow replies are made at once."""
    recall: Recall = recall_nothing
    """Reads a conversation's history for generators; called on the responders' threads."""
    connect: Callable[[], GraphPort]
    background: BackgroundConfig = field(default_factory=BackgroundConfig)
    draw: Callable[[], float] = random.random
    observers: Sequence[Callable[[object], None]] = ()
    """Called with every event of a send or of the database, to count and to log."""
    missing_messages_every: timedelta = LOOK_EVERY
    shows_typing: bool = False
    """Whether contacts see a typing indicator while a reply is made."""
    escalate: Callable[[BaseException], None] | None = None
    """Called with the error when a vital actor is given up."""
