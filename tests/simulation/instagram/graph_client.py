from collections.abc import Callable
from datetime import datetime

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import (
    DeliveryResult,
    KnownMessages,
    RecordUnreadable,
    VerificationResult,
)
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.runtime.virtual_time import Backstage


class ScriptedGraphClient:
    """One process's connection to Instagram; stands in for the Graph client."""

    def __init__(
        self,
        instagram: SimulatedInstagram,
        backstage: Backstage,
        fetched: Callable[[Content], None] = lambda _content: None,
    ) -> None:
        self._instagram = instagram
        self._backstage = backstage
        self._fetched = fetched

    def prepare(self, account_id: str) -> None:
        pass

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        self._fetched(content)
        return self._instagram.send(contact, content, way, self._backstage)

    def act(self, contact: ContactKey, action: str) -> str | None:
        self._backstage.wait(0.1)
        return None

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | RecordUnreadable:
        return self._instagram.fetch(account_id, mid, self._backstage)

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> VerificationResult:
        return self._instagram.find(contact, content, since, known, self._backstage)

    def profile(self, contact: ContactKey) -> RecordUnreadable:
        return RecordUnreadable("nobody tells names here")

    def close(self) -> None:
        pass
