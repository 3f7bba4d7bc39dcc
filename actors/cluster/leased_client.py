from collections.abc import Callable

from moca.core.content.content import Content
from moca.core.outbox.delivery import DeliveryResult, Undelivered
from moca.core.outbox.queued_reply import DIRECT, Way
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.graph_access import Access


class LeasedGraphClient(GraphClient):
    """Calls Instagram only while no other node can have begun to send.

    A process may stand still between a claim on disk and the call; by the time it goes on, the
    claim may be somebody else's.
    """

    def __init__(
        self,
        access_for: Callable[[str], Access | None],
        timeout_seconds: float,
        may_send: Callable[[], bool],
    ) -> None:
        super().__init__(access_for, timeout_seconds)
        self._look_up = access_for
        self._may_send = may_send

    def send(self, contact: ContactKey, content: Content, way: Way = DIRECT) -> DeliveryResult:
        """Send a message, once, and tell what became of it."""
        # The token may have to be read from the database, and that may take longer than the lease.
        self._look_up(contact.account_id)
        if not self._may_send():
            return Undelivered("this node has not shown in time that it is the one that sends")
        return super().send(contact, content, way)
