from collections.abc import Callable

from moca.broker.connection import parameters_of
from moca.broker.consumer import ParcelConsumer
from moca.broker.parcel import DeliveryTag, Parcel
from moca.broker.publisher import Confirm, Publisher
from moca.broker.queues import Queues


class Broker:
    """RabbitMQ as a node uses it: one connection to publish, another to consume.

    They are separate because a broker short of memory blocks publishers, and only those.
    """

    def __init__(self, url: str, queues: Queues, tell: Callable[[object], None]) -> None:
        parameters = parameters_of(url)
        self._publisher = Publisher(parameters, queues)
        self._consumer = ParcelConsumer(parameters, queues, tell)

    def start(self) -> None:
        """Begin to connect; nothing is accepted until that is done."""
        self._publisher.start()
        self._consumer.start()

    def stop(self) -> None:
        """Close both connections; unacknowledged parcels go to other nodes."""
        self._consumer.stop()
        self._publisher.stop()

    def put(self, seat: str, parcel: Parcel, confirm: Confirm) -> None:
        """Publish; see `Publisher.put`."""
        self._publisher.put(seat, parcel, confirm)

    def subscribe(self, seat: str, term: int) -> None:
        """Become a candidate for a seat."""
        self._consumer.subscribe(seat, term)

    def unsubscribe(self, seat: str, term: int) -> None:
        """Withdraw the candidacy for a seat."""
        self._consumer.unsubscribe(seat, term)

    def put_token(self, seat: str) -> None:
        """Put a token into a seat's queue."""
        self._consumer.put_token(seat)

    def accept(self, tag: DeliveryTag) -> None:
        """Acknowledge a parcel."""
        self._consumer.accept(tag)

    def refuse(self, tag: DeliveryTag) -> None:
        """Return a parcel to the queue."""
        self._consumer.refuse(tag)

    def leave(self) -> None:
        """Return everything and withdraw all candidacies."""
        self._consumer.leave()

    def join(self) -> None:
        """Rejoin."""
        self._consumer.join()
