from collections import deque
from datetime import datetime, timedelta

from moca.core.contact import ContactKey
from moca.core.messages import MessageArrived


class Arrivals:
    """Messages that nobody was told of yet, while others still wait for theirs to be stored.

    Args:
        patience: how long one waits at most.
        capacity: how many wait at most, before the first of them must go.
        portion: how many go at once.
    """

    def __init__(self, patience: timedelta, capacity: int, portion: int) -> None:
        self._patience = patience
        self._capacity = capacity
        self._portion = portion
        self._count = 0
        self._waiting: dict[ContactKey, deque[tuple[datetime, MessageArrived]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, arrived: MessageArrived, now: datetime) -> None:
        """Let it wait behind the others."""
        self._waiting.setdefault(arrived.contact, deque()).append((now, arrived))
        self._count += 1

    def take_of(self, contact: ContactKey) -> list[MessageArrived]:
        """Take one contact's, before something else is told of them."""
        taken = [arrived for _, arrived in self._waiting.pop(contact, ())]
        self._count -= len(taken)
        return taken

    def take(self, now: datetime, *, in_hurry: bool) -> list[MessageArrived]:
        """Take a portion, oldest contacts first; in a hurry, none unless they can wait no more."""
        taken: list[MessageArrived] = []
        while self._waiting and len(taken) < self._portion:
            contact, arrivals = next(iter(self._waiting.items()))
            if in_hurry and not self._must_go(arrivals[0][0], now):
                break
            taken += self.take_of(contact)
        return taken

    def _must_go(self, since: datetime, now: datetime) -> bool:
        # A clock that was set back must keep nobody waiting.
        return self._count > self._capacity or not since <= now < since + self._patience
