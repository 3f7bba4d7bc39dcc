import threading
from collections import deque
from datetime import timedelta
from typing import Any, Protocol

import pykka
from pykka import ActorDeadError
from pykka._envelope import Envelope

from actors.runtime.future import refuse
from actors.runtime.supervision import Crash


class Consumer(Protocol):
    """Who empties a mailbox: an actor, in turns, on one thread at a time."""

    def run_turn(self, messages: int) -> None:
        """Handle up to so many of the waiting messages, then rest or queue up again."""

    def give_up(self, error: BaseException) -> None:
        """End for good because of this."""

    def abandon(self) -> None:
        """End at once: there will be no more turns."""


class Dispatcher(Protocol):
    """Gives ready consumers their turns."""

    def schedule(self, consumer: Consumer) -> None:
        """Give it a turn after those already waiting. Any thread may call this."""

    def expect(self, answer: pykka.Future[Any]) -> None:
        """Take note that somebody outside may wait for this."""

    def linger(self, span: timedelta) -> None:
        """Draw out the turn under way, whose thread calls this, so that more comes together."""

    def report(self, crash: Crash) -> None:
        """Hear of an actor's failure, on the thread that ran it."""


class Mailbox:
    """The messages waiting for one actor, or for any one actor of a pool.

    Putting a message in wakes a resting consumer, so where messages wait, a consumer is at work
    or queued up on the dispatcher. Messages leave in the order they came in.
    """

    __slots__ = ("_capacity", "_consumers", "_dispatcher", "_lock", "_resting", "_waiting")

    def __init__(self) -> None:
        self._capacity: int | None = None
        self._consumers = 1
        self._dispatcher: Dispatcher | None = None
        self._lock = threading.Lock()
        self._resting: tuple[Consumer, ...] = ()
        # An empty deque weighs 624 bytes and nearly every mailbox is empty, so none is kept.
        self._waiting: deque[Envelope[Any]] | None = None

    def __len__(self) -> int:
        waiting = self._waiting
        return 0 if waiting is None else len(waiting)

    @property
    def dispatcher(self) -> Dispatcher:
        """Where its consumers have their turns.

        Raises:
            RuntimeError: if the actor was never started.
        """
        if self._dispatcher is None:
            raise RuntimeError("Start the actor with start_on(dispatcher, ...).")
        return self._dispatcher

    def attach(self, dispatcher: Dispatcher, capacity: int | None, consumers: int = 1) -> None:
        """Say where it is emptied, how many may wait before `offer` refuses, and by how many."""
        self._dispatcher = dispatcher
        self._capacity = capacity
        self._consumers = consumers

    def put(self, envelope: Envelope[Any]) -> None:
        """Add a message, whatever the capacity; an ask too late is answered with the error.

        Raises:
            ActorDeadError: if every consumer has ended and nobody waits for an answer.
        """
        self._add(envelope, None)

    def offer(self, envelope: Envelope[Any]) -> bool:
        """Add a message unless as many as the capacity are waiting; False if so.

        Raises:
            ActorDeadError: if every consumer has ended and nobody waits for an answer.
        """
        return self._add(envelope, self._capacity)

    def take(self) -> Envelope[Any] | None:
        """Take out the oldest message; None if none is waiting."""
        with self._lock:
            if self._waiting is None:
                return None
            envelope = self._waiting.popleft()
            if not self._waiting:
                self._waiting = None
            return envelope

    def release(self, consumer: Consumer) -> None:
        """End a consumer's turn: it rests, or queues up again if messages wait."""
        with self._lock:
            waiting = self._waiting is not None
            if not waiting:
                self._resting = (*self._resting, consumer)
        if waiting:
            self.dispatcher.schedule(consumer)

    @property
    def has_resting(self) -> bool:
        """Whether a consumer rests, so that the next message is taken at once."""
        return bool(self._resting)

    def join(self) -> None:
        """Count one consumer more."""
        with self._lock:
            self._consumers += 1

    def leave(self) -> bool:
        """Count one consumer fewer; True if it was the last, and nothing gets in any more."""
        with self._lock:
            self._consumers -= 1
            return self._consumers == 0

    def _add(self, envelope: Envelope[Any], capacity: int | None) -> bool:
        with self._lock:
            closed = self._consumers == 0
            full = capacity is not None and len(self) >= capacity
            consumer = None if closed or full else self._append(envelope)
        if closed and envelope.reply_to is None:
            raise ActorDeadError("The actor has stopped.")
        if closed:
            refuse(envelope)
        if envelope.reply_to is not None and self._dispatcher is not None:
            self._dispatcher.expect(envelope.reply_to)
        if consumer is not None:
            self.dispatcher.schedule(consumer)
        return not full

    def _append(self, envelope: Envelope[Any]) -> Consumer | None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(envelope)
        if not self._resting:
            return None
        # The one that rested last: what it holds open, a connection say, is still warm.
        *others, consumer = self._resting
        self._resting = tuple(others)
        return consumer
