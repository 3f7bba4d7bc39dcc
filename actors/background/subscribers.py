from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import FeedDeliveriesDue
from moca import clock
from moca.core.feed import FeedKind
from moca.core.messages.subscribers import RecordFeedDelivery, SkipFeedEvents
from moca.core.subscribers import Subscriber, retry_at
from moca.storage.db.connection import UNAVAILABLE

log = structlog.get_logger()

_EVERY = timedelta(seconds=2)
_AT_ONCE = 200
_SKIPS_AT = 100
"""How many unwanted events are read again at most before the cursor is moved past them."""

Record = RecordFeedDelivery | SkipFeedEvents


class OutgoingEvent(NamedTuple):
    """An event on its way to a subscriber."""

    id: int
    kind: FeedKind
    delivery_id: int | None = None
    """The delivery that is retried; None for the subscriber's next event."""


class OutgoingPage(NamedTuple):
    """What to deliver to a subscriber."""

    again: Sequence[OutgoingEvent]
    events: Sequence[OutgoingEvent]
    next_id: int


class DeliveryResult(NamedTuple):
    """The result of an attempt; `fault` is empty if the event arrived."""

    fault: str
    is_gone: bool = False


class SubscriberPort(Protocol):
    """Reads what is to be delivered, and delivers it; blocking."""

    def due(self) -> Sequence[Subscriber]:
        """Return the subscribers that may be called now."""

    def page(self, subscriber: Subscriber, limit: int) -> OutgoingPage:
        """Return what a subscriber is to get next, oldest first."""

    def send(self, subscriber: Subscriber, event: OutgoingEvent) -> DeliveryResult:
        """Post an event as it is by now: what is erased meanwhile is not sent."""


class _Delivery(NamedTuple):
    subscriber: Subscriber
    event: OutgoingEvent
    after: int
    """Where the subscriber stands before it."""
    attempt: int


class SubscriberActor(MailboxActor):
    """Delivers the feed's events to subscribers, in their order, one at a time; blocking.

    Where a subscriber stands is in the database, and is moved once an event has arrived: none is
    lost, and one whose result was lost is delivered again under the same id. An event that cannot
    be delivered holds up those behind it until it is set aside.
    """

    outages = UNAVAILABLE

    def __init__(
        self, *, subscribers: SubscriberPort, record: Callable[[Record], None], timers: Timers
    ) -> None:
        super().__init__()
        self._port = subscribers
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(FeedDeliveriesDue()))
        self._queue: deque[_Delivery] = deque()
        """What the last look found; at most a page for each subscriber."""

    def on_restart(self) -> None:
        """Look again; an event whose delivery crashed is delivered once more."""
        self._queue.clear()
        self._next_look.set_to(clock.now() + _EVERY)

    def on_receive(self, message: object) -> None:
        """Deliver one event, or look for more."""
        if not isinstance(message, FeedDeliveriesDue):
            return
        # One per message, so that stopping waits for one call at most.
        if self._queue:
            self._attempt(self._queue.popleft())
            # By the next look the results are written, from which it goes on.
            self._next_look.set_to(clock.now() + (timedelta() if self._queue else _EVERY))
        else:
            self._look()
            self._next_look.set_to(clock.now() + (timedelta() if self._queue else _EVERY))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look(self) -> None:
        for subscriber in self._port.due():
            page = self._port.page(subscriber, _AT_ONCE)
            cursor, attempt = subscriber.cursor, subscriber.attempts + 1
            self._queue.extend(_Delivery(subscriber, each, cursor, 1) for each in page.again)
            after = cursor
            for event in page.events:
                self._queue.append(_Delivery(subscriber, event, after, attempt))
                after, attempt = event.id, 1
            if not page.events and page.next_id >= cursor + _SKIPS_AT:
                self._record(SkipFeedEvents(subscriber.id, cursor, page.next_id))

    def _attempt(self, delivery: _Delivery) -> None:
        subscriber, event, after, attempt = delivery
        result = self._port.send(subscriber, event)
        now = clock.now()
        is_first = event.delivery_id is None
        again_at = retry_at(attempt, now) if result.fault and is_first else None
        self._record(
            RecordFeedDelivery(
                subscriber_id=subscriber.id,
                after=after,
                event_id=event.id,
                kind=event.kind,
                at=now,
                attempts=attempt,
                fault=result.fault,
                retry_at=again_at,
                delivery_id=event.delivery_id,
                is_gone=result.is_gone,
            )
        )
        if not result.fault:
            return
        names = {"subscriber": subscriber.id, "event_id": event.id, "attempt": attempt}
        log.warning("event_not_delivered", **names, fault=result.fault)
        if again_at is not None or result.is_gone:
            others = [each for each in self._queue if each.subscriber.id != subscriber.id]
            self._queue = deque(others)
