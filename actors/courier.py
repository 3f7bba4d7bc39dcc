from collections.abc import Callable

import structlog

from actors.dependencies import GraphPort
from actors.runtime.actor import MailboxActor
from moca import clock
from moca.core.messages.conversation import ReadName, RecordContactProfile, RecordProfileUnread
from moca.core.messages.delivery import (
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    ShowTyping,
    VerifyDelivery,
)
from moca.core.messages.inbound import FetchMessage, MissingMessage, RecordFetched
from moca.core.messages.recipients import ToCourier
from moca.core.outbox.delivery import (
    DeliveryResult,
    RecordUnreadable,
    Unconfirmed,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import ContactKey
from moca.instagram.request_bodies import SenderAction
from moca.logs import contact_hash

log = structlog.get_logger()

_WHILE_ANSWERING: tuple[SenderAction, ...] = ("mark_seen", "typing_on")

Report = DeliveryStarted | DeliveryEnded | DeliveryVerified


class CourierActor(MailboxActor):
    """Calls Instagram, one call at a time, on a blocking thread; several share one mailbox."""

    def __init__(
        self,
        *,
        connect: Callable[[], GraphPort],
        notify: Callable[[Report], None],
        record: Callable[[RecordContactProfile | RecordProfileUnread | RecordFetched], None],
    ) -> None:
        super().__init__()
        self._connect = connect
        self._notify = notify
        self._record = record
        self._graph: GraphPort | None = None

    def on_receive(self, message: ToCourier) -> None:
        """Make one call and report its result."""
        graph = self._graph = self._graph or self._connect()
        match message:
            case DeliverReply(reply=reply):
                self._tell_end(reply, self._make_call(graph, message))
            case VerifyDelivery(reply=reply, since=since, known=known):
                found = graph.find_message(reply.contact, reply.content, since, known)
                self._notify(DeliveryVerified(reply.item_id, clock.now(), found))
            case ReadName(contact=contact):
                self._read_name(graph, contact)
            case ShowTyping(contact=contact):
                self._show_typing(graph, contact)
            case FetchMessage(missing=missing):
                self._record(_fetch(graph, missing))

    def on_crash(self, message: object, error: Exception) -> None:
        """Report a call that was interrupted: its outcome is unknown."""
        log.error("courier_crashed", error=type(error).__name__)
        because = f"the call was interrupted: {type(error).__name__}"
        match message:
            case DeliverReply(reply=reply):
                self._tell_end(reply, Unconfirmed(because))
            case VerifyDelivery(reply=reply):
                self._notify(
                    DeliveryVerified(reply.item_id, clock.now(), RecordUnreadable(because))
                )
        self._close()

    def _tell_end(self, reply: QueuedReply, result: DeliveryResult) -> None:
        account_id = reply.contact.account_id
        self._notify(DeliveryEnded(reply.item_id, clock.now(), result, account_id))

    def on_stop(self) -> None:
        """Close the connection."""
        self._close()

    def _make_call(self, graph: GraphPort, call: DeliverReply) -> DeliveryResult:
        reply = call.reply
        # That may take longer than what this process knew when it began remains valid.
        graph.prepare(reply.contact.account_id)
        if (obstacle := call.obstacle(clock.now())) is not None:
            return obstacle
        self._notify(DeliveryStarted(reply.item_id, clock.now()))
        return graph.send(reply.contact, reply.content, reply.way)

    def _read_name(self, graph: GraphPort, contact: ContactKey) -> None:
        profile = graph.profile(contact)
        if isinstance(profile, RecordUnreadable):
            log.debug("name_unreadable", contact=contact_hash(contact), because=profile.because)
            self._record(RecordProfileUnread(contact, clock.now()))
        else:
            self._record(RecordContactProfile(contact, profile.contact_profile))

    @staticmethod
    def _show_typing(graph: GraphPort, contact: ContactKey) -> None:
        for action in _WHILE_ANSWERING:
            if because := graph.act(contact, action):
                log.debug("typing_not_shown", contact=contact_hash(contact), because=because)
                return

    def _close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None


def _fetch(graph: GraphPort, missing: MissingMessage) -> RecordFetched:
    account_id, mid = missing.account_id, missing.mid
    found = graph.message(account_id, mid)
    if isinstance(found, RecordUnreadable):
        return RecordFetched(account_id, mid, None, clock.now(), found.because)
    return RecordFetched(account_id, mid, found, clock.now())
