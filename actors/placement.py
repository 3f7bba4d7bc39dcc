from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from actors.dispatchers import PoolDispatcher
from actors.mailbox import Dispatcher

QUICK_RESPONDERS = 4
READERS = 2


class Stoppable(Dispatcher, Protocol):
    """A dispatcher that can be brought to an end."""

    def stop(self, timeout: timedelta = ...) -> bool:
        """Let the actors handle what waits, then end; False if something was still busy."""


@dataclass(frozen=True, slots=True)
class Dispatchers:
    """Where each kind of actor has its turns; a test hands in one stepping dispatcher for all."""

    shared: Stoppable
    responders: Stoppable
    couriers: Stoppable
    readers: Stoppable
    persistence: Stoppable

    @classmethod
    def threaded(cls, couriers: int, responders: int = 8) -> "Dispatchers":
        """Make the dispatchers of a real run, for so many calls of each kind at a time."""
        return cls(
            shared=PoolDispatcher("actors", threads=2),
            responders=PoolDispatcher(
                "responder", threads=QUICK_RESPONDERS + responders, messages_per_turn=1
            ),
            couriers=PoolDispatcher("courier", threads=couriers, messages_per_turn=1),
            readers=PoolDispatcher("reader", threads=READERS + 3, messages_per_turn=1),
            persistence=PoolDispatcher("persistence", threads=1),
        )

    def stop(self) -> None:
        """End them, those first that others wait for."""
        for dispatcher in (
            self.shared,
            self.responders,
            self.couriers,
            self.readers,
            self.persistence,
        ):
            dispatcher.stop(timedelta(seconds=1))
