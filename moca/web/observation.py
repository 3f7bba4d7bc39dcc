from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from moca.core.messages.reception import MessageArrived
from moca.core.messages.replying import ReplyQueued
from moca.core.messages.sending import (
    DeliveryEnded,
    DeliveryStarted,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
)
from moca.core.vocabulary import Outcome
from moca.web.metrics import Metrics

_REMEMBERED = 50_000

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class Memory(Generic[Name, Value]):
    """What was seen lately, by name; the oldest goes when there is too much. For any thread."""

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Name, Value] = OrderedDict()
        self._lock = Lock()

    def put(self, name: Name, value: Value) -> None:
        """Remember a value under a name."""
        with self._lock:
            self._values[name] = value
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def take(self, name: Name) -> Value | None:
        """Give back what stands under a name and forget it; None if nothing does."""
        with self._lock:
            return self._values.pop(name, None)


class Observation:
    """Turns the events between actors into metrics; what came before a restart is not timed.

    Duplicates and suppressed messages are no events; who concludes them counts them.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._arrivals: Memory[int, datetime] = Memory()
        self._queued: Memory[int, tuple[int, datetime | None]] = Memory()
        self._calls: Memory[int, datetime] = Memory()

    def observe(self, event: object) -> None:
        """Take from an event what is to be counted; any other event is let pass. Any thread."""
        match event:
            case MessageArrived(message=message):
                self._arrivals.put(message.id, message.received_at)
            case ReplyQueued(reply=reply, input_ids=input_ids):
                arrivals = [at for each in input_ids if (at := self._arrivals.take(each))]
                first_at = min(arrivals, default=None)
                self._queued.put(reply.item_id, (len(input_ids), first_at))
            case DeliveryStarted(item_id, at):
                self._calls.put(item_id, at)
            case DeliveryEnded(item_id, at, result):
                started_at = self._calls.take(item_id)
                took = at - (started_at or at)
                self._metrics.delivery_ended(type(result).__name__.lower(), took)
            case ReplySent(item_id=item_id, at=at):
                self._ended(item_id, Outcome.ANSWERED, at)
            case ReplyFailed(item_id=item_id):
                self._ended(item_id, Outcome.FAILED)
            case ReplyDropped(item_id=item_id):
                self._queued.take(item_id)
            case _:
                return

    def _ended(self, item_id: int, outcome: Outcome, sent_at: datetime | None = None) -> None:
        # Several events may tell of one end; the first one counts.
        inputs, arrived_at = self._queued.take(item_id) or (0, None)
        self._metrics.messages_ended(outcome, inputs)
        if sent_at is not None and arrived_at is not None:
            self._metrics.reply_sent(sent_at - arrived_at)
