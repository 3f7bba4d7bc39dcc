from collections.abc import Callable

from moca.core.content.content import Content
from moca.core.outbox.delivery import DeliveryResult
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import ContactKey
from tests.simulation.instagram.graph_client import ScriptedGraphClient
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.runtime.virtual_time import Backstage


class NodeGraphClient(ScriptedGraphClient):
    """One courier's way to Instagram; the token of an account may take long to be read."""

    def __init__(
        self,
        instagram: SimulatedInstagram,
        backstage: Backstage,
        *,
        look_up_seconds: Callable[[], float],
        calls: Callable[[ContactKey], None],
    ) -> None:
        super().__init__(instagram, backstage)
        self._look_up_seconds = look_up_seconds
        self._calls = calls

    def prepare(self, account_id: str) -> None:
        if seconds := self._look_up_seconds():
            self._backstage.wait(seconds)

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        self._calls(contact)
        return super().send(contact, content, way)
