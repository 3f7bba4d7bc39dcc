from collections.abc import Callable
from typing import Any

from moca.broker.connection import parameters_of
from moca.broker.consumer import Consumer
from moca.broker.parcel import Parcel, Tag
from moca.broker.publisher import Confirm, Publisher
from moca.broker.queues import Queues


class Broker:
    """RabbitMQ as a node uses it: one connection to publish over, another to consume over.

    Apart, because a broker short of memory stops those who publish, and them alone.
    """

    def __init__(self, url: str, queues: Queues, tell: Callable[[Any], None]) -> None:
        parameters = parameters_of(url)
        self._publisher = Publisher(parameters, queues)
        self._consumer = Consumer(parameters, queues, tell)

    def start(self) -> None:
        """Begin to connect; until that is done, nothing is taken."""
        self._publisher.start()
        self._consumer.start()

    def stop(self) -> None:
        """Close both connections; what is owed an answer goes to others."""
        self._consumer.stop()
        self._publisher.stop()

    def put(self, seat: str, parcel: Parcel, confirm: Confirm) -> None:
        """Publish; see `Publisher.put`."""
        self._publisher.put(seat, parcel, confirm)

    def subscribe(self, seat: str, term: int) -> None:
        """Stand in line for a seat."""
        self._consumer.subscribe(seat, term)

    def unsubscribe(self, seat: str, term: int) -> None:
        """Stand in line no longer."""
        self._consumer.unsubscribe(seat, term)

    def put_token(self, seat: str) -> None:
        """Put a token into a seat's queue."""
        self._consumer.put_token(seat)

    def accept(self, tag: Tag) -> None:
        """Have a parcel forgotten."""
        self._consumer.accept(tag)

    def refuse(self, tag: Tag) -> None:
        """Give a parcel back."""
        self._consumer.refuse(tag)

    def leave(self) -> None:
        """Give everything back and stand in no line."""
        self._consumer.leave()

    def join(self) -> None:
        """Come back."""
        self._consumer.join()
