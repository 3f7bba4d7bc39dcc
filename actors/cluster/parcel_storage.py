import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from functools import partial

from actors.cluster.seats import ParcelRefused, ParcelStored, SeatOwner, Subscriptions
from actors.runtime.timers import Timers
from moca import clock
from moca.broker.parcel import DeliveredParcel, DeliveryTag, ParcelKind
from moca.core.messages.command import Done, Receipt
from moca.logs import where_raised
from moca.storage.db.connection import UNAVAILABLE

_PAUSE = timedelta(seconds=1)
_PAUSE_FOR_NEWER_NODE = timedelta(seconds=5)
_MAX_TRIES = {ParcelKind.WEBHOOK: 5, ParcelKind.UNKNOWN: 60}
"""How often storing a faulty parcel is tried; a newer node may know its kind."""
_MAX_REMEMBERED = 1000


class ParcelStorage:
    """Stores delivered webhooks and acknowledges or returns them to the broker.

    While the database is unavailable, or another node holds the seat, a parcel is returned until it
    is stored. One that is refused for a fault of its own is set aside after a few tries. Not
    thread-safe; later results come back through `tell`.
    """

    def __init__(
        self,
        broker: Subscriptions,
        owner: SeatOwner,
        tell: Callable[[object], None],
        timers: Timers,
    ) -> None:
        self._broker = broker
        self._owner = owner
        self._tell = tell
        self._timers = timers
        self._tries: OrderedDict[bytes, int] = OrderedDict()
        """By parcel, because the broker gives a redelivered one another tag."""

    def store(self, delivered: DeliveredParcel, epoch: int) -> None:
        """Store a webhook; `ParcelStored` reports the result."""
        receipt: Receipt = Future()
        receipt.add_done_callback(
            lambda done: self._tell(ParcelStored(delivered, _is_done(done), _fault_in(done)))
        )
        try:
            self._owner.store(delivered, epoch, receipt)
        except Exception as error:  # noqa: BLE001 - any error means an unreadable webhook
            receipt.set_exception(error)

    def stored(self, stored: ParcelStored) -> None:
        """Acknowledge a stored webhook at the broker, or return one that was not stored."""
        if stored.fault:
            self._try_again(stored.delivered, stored.fault, _PAUSE)
            return
        if self._tries:
            self._tries.pop(_name(stored.delivered), None)
        self.settle(stored.delivered.tag, is_kept=stored.is_stored)

    def keep_for_newer_node(self, delivered: DeliveredParcel) -> None:
        """Return a parcel of a kind that this version does not know."""
        fault = f"its kind is not known here: {delivered.parcel.type!r}"
        self._try_again(delivered, fault, _PAUSE_FOR_NEWER_NODE)

    def settle(self, tag: DeliveryTag, *, is_kept: bool) -> None:
        """Acknowledge a parcel that is kept elsewhere; return any other."""
        if is_kept:
            self._broker.accept(tag)
        else:
            self.refuse_later(tag)

    def refuse_later(self, tag: DeliveryTag, pause: timedelta = _PAUSE) -> None:
        """Return a parcel after a pause; otherwise it would be redelivered at once."""
        self._timers.later(clock.now() + pause, partial(self._broker.refuse, tag))

    def _try_again(self, delivered: DeliveredParcel, fault: str, pause: timedelta) -> None:
        tag, name = delivered.tag, _name(delivered)
        tries = self._tries.pop(name, 0) + 1
        if tries >= _MAX_TRIES[delivered.parcel.kind]:
            self._owner.set_aside(
                delivered, fault, lambda is_kept: self._tell(ParcelRefused(tag, is_kept))
            )
            return
        self._tries[name] = tries
        if len(self._tries) > _MAX_REMEMBERED:
            self._tries.popitem(last=False)
        self.refuse_later(tag, pause)


def _name(delivered: DeliveredParcel) -> bytes:
    parcel = delivered.parcel
    header = f"{delivered.seat} {parcel.kind} {parcel.type} {parcel.at}".encode()
    return hashlib.sha256(header + b"\0" + parcel.body).digest()


def _is_done(done: Receipt) -> bool:
    return done.exception() is None and isinstance(done.result(), Done)


def _fault_in(done: Receipt) -> str:
    error = done.exception()
    if error is None or isinstance(error, UNAVAILABLE):
        return ""
    return f"{type(error).__name__} at {where_raised(error)}"
