from collections.abc import Callable
from typing import Any

import structlog

from actors.runtime import MailboxActor
from moca import clock
from moca.core.contact import ContactKey
from moca.core.delivery import Unconfirmed, Unreadable
from moca.core.messages import (
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    ReadName,
    RecordName,
    ToCourier,
    VerifyDelivery,
)
from moca.instagram.graph import GraphClient
from moca.logs import contact_hash

log = structlog.get_logger()

Report = DeliveryStarted | DeliveryEnded | DeliveryVerified


class CourierActor(MailboxActor):
    """Calls Instagram, one call at a time, on a blocking thread; several share one mailbox."""

    def __init__(
        self,
        *,
        connect: Callable[[], GraphClient],
        notify: Callable[[Report], None],
        record: Callable[[RecordName], None],
    ) -> None:
        super().__init__()
        self._connect = connect
        self._notify = notify
        self._record = record
        self._graph: GraphClient | None = None

    def on_receive(self, message: ToCourier) -> None:
        """Make one call, and report how it ended."""
        graph = self._graph = self._graph or self._connect()
        match message:
            case DeliverReply(reply=reply):
                self._notify(DeliveryStarted(reply.item_id, clock.now()))
                result = graph.send_text(reply.contact, reply.text)
                self._notify(DeliveryEnded(reply.item_id, clock.now(), result))
            case VerifyDelivery(reply=reply, since=since, known_mids=known):
                found = graph.find_message(reply.contact, reply.text, since, known)
                self._notify(DeliveryVerified(reply.item_id, clock.now(), found))
            case ReadName(contact=contact):
                self._read_name(graph, contact)

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report a call that broke off: nobody knows what became of it."""
        log.error("courier_crashed", error=type(error).__name__)
        because, now = f"the call broke off: {type(error).__name__}", clock.now()
        match message:
            case DeliverReply(reply=reply):
                self._notify(DeliveryEnded(reply.item_id, now, Unconfirmed(because)))
            case VerifyDelivery(reply=reply):
                self._notify(DeliveryVerified(reply.item_id, now, Unreadable(because)))
        self._close()

    def on_stop(self) -> None:
        """Close the connection."""
        self._close()

    def _read_name(self, graph: GraphClient, contact: ContactKey) -> None:
        profile = graph.profile(contact)
        if isinstance(profile, Unreadable):
            log.debug("name_unreadable", contact=contact_hash(contact), because=profile.because)
        elif name := profile.name or profile.username:
            self._record(RecordName(contact, name))

    def _close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None
