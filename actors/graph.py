from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

from moca.core.contact import ContactKey
from moca.core.content import Content
from moca.core.delivery import DeliveryResult, Unreadable, VerificationResult
from moca.core.reply import Way
from moca.core.webhook import Echo, InboundMessage
from moca.instagram.graph import Profile
from moca.instagram.outgoing import SenderAction


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
