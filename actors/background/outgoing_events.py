from collections.abc import Callable, Sequence
from contextlib import suppress

import peewee

from actors.background.subscribers import DeliveryResult, OutgoingEvent, OutgoingPage
from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.feed import FeedKind
from moca.core.subscribers import Subscriber
from moca.storage.queries.feed.events import read_event
from moca.storage.queries.feed.subscribers import (
    due_subscribers,
    next_events,
    queued_deliveries,
)
from moca.subscriber_client import SubscriberClient
from moca.web.schemas.feed import event_document

_EXPIRED = "the event is not kept any more"


class OutgoingEvents:
    """Reads what subscribers are to get, and posts it; one thread at a time.

    Args:
        database: Where the feed is.
        unseal: Decrypts a subscriber's secret; raises `WrongEncryptionKey`.
        client: Posts the events.
    """

    def __init__(
        self,
        database: peewee.Database,
        unseal: Callable[[str], str],
        client: SubscriberClient,
    ) -> None:
        self._database = database
        self._unseal = unseal
        self._client = client

    def due(self) -> Sequence[Subscriber]:
        """Return the subscribers that may be called now."""
        with self._database.connection_context():
            return due_subscribers(clock.now())

    def page(self, subscriber: Subscriber, limit: int) -> OutgoingPage:
        """Return what a subscriber is to get next."""
        with self._database.connection_context():
            page = next_events(subscriber, limit)
            queued = queued_deliveries(subscriber, limit)
        again = [OutgoingEvent(each.event_id, each.kind, each.id) for each in queued]
        events = [OutgoingEvent(row["id"], FeedKind(row["kind"])) for row in page.rows]
        return OutgoingPage(again, events, page.next_id)

    def send(self, subscriber: Subscriber, event: OutgoingEvent) -> DeliveryResult:
        """Post an event as it is by now."""
        secret = ""
        with suppress(WrongEncryptionKey):
            secret = self._unseal(subscriber.sealed_secret)
        if not secret:
            return DeliveryResult("its secret cannot be decrypted; add the subscriber again")
        with self._database.connection_context():
            found = read_event(event.id, has_texts=subscriber.has_texts)
        if found is None:
            return DeliveryResult(_EXPIRED)
        answer = self._client.send(
            subscriber.url,
            secret,
            event_id=f"evt_{event.id}",
            timestamp=int(clock.now().timestamp()),
            body=event_document(found),
        )
        return DeliveryResult(answer.fault, answer.is_gone)
