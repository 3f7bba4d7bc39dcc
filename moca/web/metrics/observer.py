from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

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

    def take(self, name: Name) -> Value | None:
        """Remove and return the value of a name; None if there is none."""
        with self._lock:
            return self._values.pop(name, None)


class MetricsObserver:
    """Converts the actors' events into metrics; durations across a restart are not measured."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._arrivals: RecentValues[int, datetime] = RecentValues()
        self._queued: RecentValues[int, datetime] = RecentValues()
        self._calls: RecentValues[int, datetime] = RecentValues()

    def observe(self, event: object) -> None:
        """Count an event; irrelevant events are ignored. Thread-safe."""
        match event:
            case MessageArrived(message=message):
                self._arrivals.put(message.id, message.received_at)
            case ReplyQueued(reply=reply, input_ids=input_ids):
                arrivals = [at for each in input_ids if (at := self._arrivals.take(each))]
                if arrivals:
                    self._queued.put(reply.item_id, min(arrivals))
            case DeliveryStarted(item_id, at):
                self._calls.put(item_id, at)
            case DeliveryEnded(item_id, at, result):
                started_at = self._calls.take(item_id)
                took = at - (started_at or at)
                self._metrics.delivery_ended(type(result).__name__.lower(), took)
            case ReplySent(item_id=item_id, at=at):
                # A second event may report the same end; the first one counts.
                arrived_at = self._queued.take(item_id)
                if arrived_at is not None:
                    self._metrics.reply_sent(at - arrived_at)
            case ReplyFailed(item_id=item_id) | ReplyDropped(item_id=item_id):
                self._queued.take(item_id)
            case MessagesMissing(messages):
                self._metrics.messages_missed(len(messages))
            case MessagesEnded(message_ids, outcome, _):
                self._metrics.messages_ended(outcome, len(message_ids))
            case ParcelSetAside():
                self._metrics.parcel_set_aside()
            case MessagesMissed(count=count):
                self._metrics.messages_found(count)
