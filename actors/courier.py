from collections.abc import Callable
from typing import Any

import structlog

from actors.runtime import MailboxActor
from moca import clock
from moca.core.delivery import Unconfirmed, Unreadable
from moca.core.messages import (
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    ToCourier,
    VerifyDelivery,
)
from moca.instagram.graph import GraphClient

log = structlog.get_logger()

Report = DeliveryStarted | DeliveryEnded | DeliveryVerified


class CourierActor(MailboxActor):
    """Calls Instagram, one call at a time, on a blocking thread; several share one mailbox."""

    def __init__(
        self, *, connect: Callable[[], GraphClient], notify: Callable[[Report], None]
    ) -> None:
        super().__init__()
        self._connect = connect
        self._notify = notify
        self._graph: GraphClient | None = None

    def on_receive(self, message: ToCourier) -> None:
        """Make one call, and report how it ended."""
        graph = self._graph = self._graph or self._connect()
        reply = message.reply
        match message:
            case DeliverReply():
                self._notify(DeliveryStarted(reply.item_id, clock.now()))
                result = graph.send_text(reply.contact, reply.text)
                self._notify(DeliveryEnded(reply.item_id, clock.now(), result))
            case VerifyDelivery(since=since, known_mids=known):
                found = graph.find_message(reply.contact, reply.text, since, known)
                self._notify(DeliveryVerified(reply.item_id, clock.now(), found))

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report a call that broke off: nobody knows what became of it."""
        log.error("courier_crashed", error=type(error).__name__)
        because = f"the call broke off: {type(error).__name__}"
        item_id, now = message.reply.item_id, clock.now()
        if isinstance(message, DeliverReply):
            self._notify(DeliveryEnded(item_id, now, Unconfirmed(because)))
        else:
            self._notify(DeliveryVerified(item_id, now, Unreadable(because)))
        self._close()

    def on_stop(self) -> None:
        """Close the connection."""
        self._close()

    def _close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None
