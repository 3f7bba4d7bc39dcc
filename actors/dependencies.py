import random
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from actors.background.jobs import Keeping
from actors.background.missing_messages import LOOK_EVERY
from actors.responder import Recall, recall_nothing
from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import DeliveryResult, Unreadable, VerificationResult
from moca.core.outbox.queued_reply import Way
from moca.core.types import ContactKey
from moca.instagram.graph import Profile
from moca.instagram.request_bodies import SenderAction
from moca.replies.generator import ReplyGenerator
from moca.storage.writer import Writer


class Graph(Protocol):
    """What couriers ask of Instagram; `GraphClient` is the one that calls it."""

    def send(self, contact: ContactKey, content: Content, way: Way) -> DeliveryResult:
        """Send a message, once, and tell what became of it."""

    def act(self, contact: ContactKey, action: SenderAction) -> str | None:
        """Show a contact that a reply is being made; None, or why it could not be shown."""

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known_mids: AbstractSet[str]
    ) -> VerificationResult:
        """Look in Instagram's record for a message sent to a contact since an instant."""

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | Unreadable:
        """Read one message."""

    def profile(self, contact: ContactKey) -> Profile | Unreadable:
        """Read what a contact is called."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the actors meet at the edges of the system."""

    open_writer: Callable[[], Writer]
    generator: ReplyGenerator
    responders: int = 8
    """How many replies that may take their time are made at once."""
    recall: Recall = recall_nothing
    """Where a generator reads what was said before; called on the responders' threads."""
    connect: Callable[[], Graph]
    keeping: Keeping = field(default_factory=Keeping)
    draw: Callable[[], float] = random.random
    observers: Sequence[Callable[[object], None]] = ()
    """Shown every event of a send or of the database, to count and to log."""
    look_for_gaps_every: timedelta = LOOK_EVERY
    shows_typing: bool = False
    """Whether contacts see that a reply is being made."""
    escalate: Callable[[BaseException], None] | None = None
    """Told when an actor that everything depends on was given up."""
