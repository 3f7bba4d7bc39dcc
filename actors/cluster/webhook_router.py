import threading
from collections.abc import Callable

from moca.broker.parcel import Kind, Parcel
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.receipt import Done, Receipt
from moca.core.partition import partitions_of, seat_of

Put = Callable[[str, Parcel, Callable[[bool], None]], None]


class NotConfirmed(Exception):  # noqa: N818 - it reads as what it is
    """The receipt's exception where the broker did not say that it has it all on disk."""


class Reception:
    """Hands webhooks to the owners of those whom they concern, by way of the broker.

    A webhook that concerns several partitions is published to each of them, whole: each stores
    what is its own. The receipt is answered once the broker has all of it.
    """

    def __init__(self, put: Put, partitions: int) -> None:
        self._put = put
        self._partitions = partitions

    def receive(self, command: RecordWebhook) -> None:
        """Publish a webhook. Any thread may call this."""
        concerned = sorted(partitions_of(command.events, self._partitions))
        parcel = Parcel(Kind.WEBHOOK, command.body, command.received_at)
        whole = _Whole(len(concerned), command.receipt)
        for partition in concerned:
            self._put(seat_of(partition), parcel, whole.confirm)


class _Whole:
    def __init__(self, parts: int, receipt: Receipt | None) -> None:
        self._lock = threading.Lock()
        self._missing = parts
        self._is_kept = True
        self._receipt = receipt

    def confirm(self, is_kept: bool) -> None:  # noqa: FBT001 - called with nothing else
        with self._lock:
            self._missing -= 1
            self._is_kept = self._is_kept and is_kept
            if self._missing or self._receipt is None:
                return
        if self._is_kept:
            self._receipt.set_result(Done())
        else:
            self._receipt.set_exception(NotConfirmed())
