import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from typing import Any

from actors.cluster.seats import Office, SetAside, Stored, Subscriptions
from actors.persistence import UNAVAILABLE
from actors.runtime.timers import Timers
from moca import clock
from moca.broker.parcel import Delivered, Kind, Tag
from moca.core.messages.receipt import Done
from moca.logs import where_raised

_PAUSE = timedelta(seconds=1)
_PAUSE_FOR_NEWER_NODE = timedelta(seconds=5)
_MAX_TRIES = {Kind.WEBHOOK: 5, Kind.UNKNOWN: 60}
"""How often a parcel is tried that cannot be stored as it is; a newer node may know its kind."""
_MAX_REMEMBERED = 1000


class ParcelStorage:
    """Stores delivered webhooks, and settles with the broker what becomes of them.

    While the database is away, or another node has the seat, a parcel is given back until it is
    stored. One that is refused for a fault of its own is set aside after a few tries. Not safe
    across threads; `tell` brings back what happens later.
    """

    def __init__(
        self, broker: Subscriptions, office: Office, tell: Callable[[Any], None], timers: Timers
    ) -> None:
        self._broker = broker
        self._office = office
        self._tell = tell
        self._timers = timers
        self._tries: OrderedDict[bytes, int] = OrderedDict()
        """By parcel, for the broker gives one that comes again another tag."""

    def store(self, delivered: Delivered, epoch: int) -> None:
        """Store a webhook; `Stored` tells what became of it."""
        receipt: Future[Any] = Future()
        receipt.add_done_callback(
            lambda done: self._tell(Stored(delivered, _is_done(done), _fault_in(done)))
        )
        try:
            self._office.store(delivered, epoch, receipt)
        except Exception as error:  # noqa: BLE001 - it cannot be read: a fault of this webhook
            receipt.set_exception(error)

    def stored(self, stored: Stored) -> None:
        """Answer the broker for a webhook that is stored, or is not."""
        if stored.fault:
            self._try_again(stored.delivered, stored.fault, _PAUSE)
            return
        if self._tries:
            self._tries.pop(_name(stored.delivered), None)
        self.settle(stored.delivered.tag, is_kept=stored.is_stored)

    def keep_for_newer_node(self, delivered: Delivered) -> None:
        """Give back a parcel of a kind that this version does not know."""
        fault = f"its kind is not known here: {delivered.parcel.type!r}"
        self._try_again(delivered, fault, _PAUSE_FOR_NEWER_NODE)

    def settle(self, tag: Tag, *, is_kept: bool) -> None:
        """Have the broker forget a parcel that is kept elsewhere; give back any other."""
        if is_kept:
            self._broker.accept(tag)
        else:
            self.refuse_later(tag)

    def refuse_later(self, tag: Tag, pause: timedelta = _PAUSE) -> None:
        """Give a parcel back after a pause, or it would come again at once."""
        self._timers.later(clock.now() + pause, partial(self._broker.refuse, tag))

    def _try_again(self, delivered: Delivered, fault: str, pause: timedelta) -> None:
        tag, name = delivered.tag, _name(delivered)
        tries = self._tries.pop(name, 0) + 1
        if tries >= _MAX_TRIES[delivered.parcel.kind]:
            self._office.set_aside(
                delivered, fault, lambda is_kept: self._tell(SetAside(tag, is_kept))
            )
            return
        self._tries[name] = tries
        if len(self._tries) > _MAX_REMEMBERED:
            self._tries.popitem(last=False)
        self.refuse_later(tag, pause)


def _name(delivered: Delivered) -> bytes:
    parcel = delivered.parcel
    told = f"{delivered.seat} {parcel.kind} {parcel.type} {parcel.at}".encode()
    return hashlib.sha256(told + b"\0" + parcel.body).digest()


def _is_done(done: Future[Any]) -> bool:
    return done.exception() is None and isinstance(done.result(), Done)


def _fault_in(done: Future[Any]) -> str:
    error = done.exception()
    if error is None or isinstance(error, UNAVAILABLE):
        return ""
    return f"{type(error).__name__} at {where_raised(error)}"
