from collections import Counter, OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from moca.core.messages.cluster import ParcelSetAside
from moca.core.messages.delivery import (
    DeliveryEnded,
    DeliveryStarted,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
)
from moca.core.messages.inbound import MessageArrived, MessagesMissing
from moca.core.messages.reconciliation import MessagesMissed
from moca.core.messages.replies import MessagesEnded, ReplyQueued
from moca.core.types import Outcome
from moca.web.metrics.prometheus import Metrics

_REMEMBERED = 50_000

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class RecentValues(Generic[Name, Value]):
    """A bounded map of recent values; drops the oldest when full. Thread-safe."""

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Name, Value] = OrderedDict()
        self._lock = Lock()

    def put(self, name: Name, value: Value) -> None:
        """Store a value under a name."""
        with self._lock:
            self._values[name] = value
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def get(self, name: Name) -> Value | None:
        """Return the value of a name; None if there is none."""
        with self._lock:
            return self._values.get(name)

    def take(self, name: Name) -> Value | None:
        """Remove and return the value of a name; None if there is none."""
        with self._lock:
            return self._values.pop(name, None)


class _Arrival(NamedTuple):
    at: datetime
    account_id: str


class MetricsObserver:
    """Converts the actors' events into metrics; durations across a restart are not measured."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._arrivals: RecentValues[int, _Arrival] = RecentValues()
        """Of messages without an outcome; after a restart, they count for no account."""
        self._queued: RecentValues[int, datetime] = RecentValues()
        self._calls: RecentValues[int, datetime] = RecentValues()

    def observe(self, event: object) -> None:
        """Count an event; irrelevant events are ignored. Thread-safe."""
        match event:
            case MessageArrived(contact=contact, message=message):
                self._arrivals.put(message.id, _Arrival(message.received_at, contact.account_id))
            case ReplyQueued(reply=reply, input_ids=input_ids):
                arrivals = [arrival for each in input_ids if (arrival := self._arrivals.get(each))]
                if arrivals:
                    self._queued.put(reply.item_id, min(each.at for each in arrivals))
            case DeliveryStarted(item_id, at):
                self._calls.put(item_id, at)
            case DeliveryEnded(item_id, at, result, account_id):
                started_at = self._calls.take(item_id)
                took = at - (started_at or at)
                self._metrics.delivery_ended(type(result).__name__.lower(), took, account_id)
            case ReplySent(contact=contact, item_id=item_id, at=at):
                # A second event may report the same end; the first one counts.
                arrived_at = self._queued.take(item_id)
                if arrived_at is not None:
                    self._metrics.reply_sent(at - arrived_at, contact.account_id)
            case ReplyFailed(item_id=item_id) | ReplyDropped(item_id=item_id):
                self._queued.take(item_id)
            case MessagesMissing(messages):
                self._metrics.messages_missed(len(messages))
            case MessagesEnded(message_ids, outcome, _):
                self._messages_ended(message_ids, outcome)
            case ParcelSetAside():
                self._metrics.parcel_set_aside()
            case MessagesMissed(count=count):
                self._metrics.messages_found(count)

    def _messages_ended(self, message_ids: tuple[int, ...], outcome: Outcome) -> None:
        arrivals = map(self._arrivals.take, message_ids)
        accounts = Counter("" if each is None else each.account_id for each in arrivals)
        for account_id, count in accounts.items():
            self._metrics.messages_ended(outcome, count, account_id)
