import threading
from collections.abc import Callable

from moca.broker.parcel import Parcel, ParcelKind
from moca.core.messages.command import Done, Receipt
from moca.core.messages.inbound import RecordWebhook
from moca.core.partition import partitions_of, seat_of

Put = Callable[[str, Parcel, Callable[[bool], None]], None]


class NotConfirmed(Exception):  # noqa: N818 - the name states the error
    """The receipt's exception if the broker did not confirm that everything is stored durably."""


class WebhookRouter:
    """Publishes webhooks through the broker to the owners of their contacts.

    A webhook that concerns several partitions is published whole to each of them, and each stores
    its own share. The receipt is answered once the broker has confirmed all of them.
    """

    def __init__(self, put: Put, partitions: int) -> None:
        self._put = put
        self._partitions = partitions

    def receive(self, command: RecordWebhook) -> None:
        """Publish a webhook. Any thread may call this."""
        concerned = sorted(partitions_of(command.events, self._partitions))
        parcel = Parcel(ParcelKind.WEBHOOK, command.body, command.received_at, command.signature)
        whole = _PublishedWebhook(len(concerned), command.receipt)
        for partition in concerned:
            self._put(seat_of(partition), parcel, whole.confirm)


class _PublishedWebhook:
    def __init__(self, parts: int, receipt: Receipt | None) -> None:
        self._lock = threading.Lock()
        self._missing = parts
        self._is_kept = True
        self._receipt = receipt

    def confirm(self, is_kept: bool) -> None:  # noqa: FBT001 - only ever called with this argument
        with self._lock:
            self._missing -= 1
            self._is_kept = self._is_kept and is_kept
            if self._missing or self._receipt is None:
                return
        if self._is_kept:
            self._receipt.set_result(Done())
        else:
            self._receipt.set_exception(NotConfirmed())
