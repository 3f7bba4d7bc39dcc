import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pika
from pika.channel import Channel
from pika.spec import Basic

from moca.broker.connection import BrokerConnection
from moca.broker.parcel import Parcel
from moca.broker.queues import Queues, publish

_MAX_UNCONFIRMED = 20_000

Confirm = Callable[[bool], None]


class Publisher:
    """Puts parcels into queues, and reports whether the broker stored each durably."""

    def __init__(self, parameters: pika.URLParameters, queues: Queues) -> None:
        self._queues = queues
        self._room = threading.Semaphore(_MAX_UNCONFIRMED)
        self._waiting: deque[tuple[str, Parcel, Confirm]] = deque()
        self._unconfirmed: dict[int, Confirm] = {}
        self._returned: set[int] = set()
        self._next = 1
        self._link = BrokerConnection("publisher", parameters, self._begin, self._fail_all)
        self.start, self.stop = self._link.start, self._link.stop

    def put(self, seat: str, parcel: Parcel, confirm: Confirm) -> None:
        """Publish; `confirm` gets True once a majority has stored it, on the connection's thread.

        It gets False, maybe at once, if that is uncertain: the parcel may be stored all the same.
        Thread-safe.
        """
        if not self._room.acquire(blocking=False):
            confirm(False)
            return
        self._waiting.append((seat, parcel, partial(self._answer, confirm)))
        if not self._link.call(self._publish_waiting):
            self._fail_waiting()

    def _answer(self, confirm: Confirm, is_kept: bool) -> None:  # noqa: FBT001
        self._room.release()
        confirm(is_kept)

    def _begin(self, channel: Channel) -> None:
        self._next = 1
        self._queues.declare(channel)
        channel.confirm_delivery(self._confirmed)
        channel.add_on_return_callback(self._came_back)

    def _publish_waiting(self, channel: Channel) -> None:
        for seat, parcel, confirm in self._take_waiting():
            number, self._next = self._next, self._next + 1
            self._unconfirmed[number] = confirm
            publish(channel, self._queues, seat, parcel, number)

    def _take_waiting(self) -> Iterator[tuple[str, Parcel, Confirm]]:
        while self._waiting:
            try:
                yield self._waiting.popleft()
            except IndexError:
                return

    def _fail_waiting(self) -> None:
        for _seat, _parcel, confirm in self._take_waiting():
            confirm(False)

    def _came_back(
        self, _channel: Channel, _method: Basic.Return, properties: Any, _body: bytes
    ) -> None:
        self._returned.add(int(properties.message_id))

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        is_kept = method.NAME == "Basic.Ack"
        last = method.delivery_tag
        numbers = [n for n in self._unconfirmed if n <= last] if method.multiple else [last]
        for number in numbers:
            confirm = self._unconfirmed.pop(number, None)
            came_back = number in self._returned
            self._returned.discard(number)
            if confirm is not None:
                confirm(is_kept and not came_back)

    def _fail_all(self) -> None:
        self._fail_waiting()
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        self._returned.clear()
        for confirm in unconfirmed.values():
            confirm(False)
