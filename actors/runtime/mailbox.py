import threading
from collections import deque
from datetime import timedelta
from typing import Protocol

import pykka
from pykka import ActorDeadError

from actors.runtime.future import Envelope, refuse
from actors.runtime.supervision import Crash


class MailboxConsumer(Protocol):
    """Empties a mailbox: an actor, in turns, on one thread at a time."""

    def run_turn(self, messages: int) -> None:
        """Handle up to `messages` waiting messages, then rest or queue up again."""

    def give_up(self, error: BaseException) -> None:
        """End for good because of this error."""

    def abandon(self) -> None:
        """End at once: there will be no more turns."""


class Dispatcher(Protocol):
    """Runs the turns of ready consumers."""

    def schedule(self, consumer: MailboxConsumer) -> None:
        """Queue a turn for the consumer. Thread-safe."""

    def expect(self, answer: pykka.Future[object]) -> None:
        """Prepare for a caller outside the actors that waits for this answer."""

    def linger(self, span: timedelta) -> None:
        """Extend the current turn, whose thread calls this, so that more messages accumulate."""

    def report(self, crash: Crash) -> None:
        """Report an actor's failure, on the thread that ran it."""


class Mailbox:
    """The messages waiting for one actor, or for any one actor of a pool.

    Adding a message wakes a resting consumer, so if messages wait, a consumer is running or queued
    on the dispatcher. Messages leave in order of arrival.
    """

    __slots__ = ("_capacity", "_consumers", "_dispatcher", "_lock", "_resting", "_waiting")

    def __init__(self) -> None:
        self._capacity: int | None = None
        self._consumers = 1
        self._dispatcher: Dispatcher | None = None
        self._lock = threading.Lock()
        self._resting: tuple[MailboxConsumer, ...] = ()
        # An empty deque takes 624 bytes and nearly every mailbox is empty, so none is kept.
        self._waiting: deque[Envelope] | None = None

    def __len__(self) -> int:
        waiting = self._waiting
        return 0 if waiting is None else len(waiting)

    @property
    def dispatcher(self) -> Dispatcher:
        """Return the dispatcher of its consumers.

        Raises:
            RuntimeError: If the actor was never started.
        """
        if self._dispatcher is None:
            raise RuntimeError("Start the actor with start_on(dispatcher, ...).")
        return self._dispatcher

    def attach(self, dispatcher: Dispatcher, capacity: int | None, consumers: int = 1) -> None:
        """Set the dispatcher, the capacity beyond which `offer` refuses, and the consumers."""
        self._dispatcher = dispatcher
        self._capacity = capacity
        self._consumers = consumers

    def put(self, envelope: Envelope) -> None:
        """Add a message regardless of capacity; a late ask is answered with the error.

        Raises:
            ActorDeadError: If every consumer has ended and no caller waits for an answer.
        """
        self._add(envelope, None)

    def offer(self, envelope: Envelope) -> bool:
        """Add a message; return False if the mailbox is at capacity.

        Raises:
            ActorDeadError: If every consumer has ended and no caller waits for an answer.
        """
        return self._add(envelope, self._capacity)

    def take(self) -> Envelope | None:
        """Remove and return the oldest message; None if none is waiting."""
        with self._lock:
            if self._waiting is None:
                return None
            envelope = self._waiting.popleft()
            if not self._waiting:
                self._waiting = None
            return envelope

    def release(self, consumer: MailboxConsumer) -> None:
        """End a consumer's turn: it rests, or queues up again if messages wait."""
        with self._lock:
            waiting = self._waiting is not None
            if not waiting:
                self._resting = (*self._resting, consumer)
        if waiting:
            self.dispatcher.schedule(consumer)

    @property
    def has_resting(self) -> bool:
        """Return whether a consumer rests, so that the next message is taken at once."""
        return bool(self._resting)

    def join(self) -> None:
        """Add a consumer."""
        with self._lock:
            self._consumers += 1

    def leave(self) -> bool:
        """Remove a consumer; return True if it was the last, which closes the mailbox."""
        with self._lock:
            self._consumers -= 1
            return self._consumers == 0

    def _add(self, envelope: Envelope, capacity: int | None) -> bool:
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

    def _append(self, envelope: Envelope) -> MailboxConsumer | None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(envelope)
        if not self._resting:
            return None
        # The one that rested last, because its connections are still warm.
        *others, consumer = self._resting
        self._resting = tuple(others)
        return consumer
