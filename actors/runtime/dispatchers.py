import contextlib
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

import pykka
import structlog

from actors.runtime.future import MailboxFuture
from actors.runtime.mailbox import Dispatcher, MailboxConsumer
from actors.runtime.supervision import Crash
from moca.logs import where_raised

log = structlog.stdlib.get_logger()


class PoolDispatcher:
    """A thread pool that runs the turns of ready actors, first come first served.

    With one thread, its actors are pinned to that thread. For blocking messages, use as many
    threads as calls may hang at a time and `messages_per_turn=1`, so that none waits behind a slow
    one. A thread starts when a turn is ready and all existing threads are busy. Threads are
    daemons: a crash of the main thread must not hang the interpreter; `stop` shuts them down in
    order.
    """

    def __init__(self, name: str, threads: int = 1, *, messages_per_turn: int = 32) -> None:
        self.name = name
        self._messages_per_turn = messages_per_turn
        # None ends a thread, which passes it on to the next.
        self._ready: SimpleQueue[MailboxConsumer | None] = SimpleQueue()
        self._stopped = False
        self._max_threads = threads
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()

    def schedule(self, consumer: MailboxConsumer) -> None:
        """Queue a turn for the consumer; after `stop`, abandon it."""
        self._ready.put(consumer)
        if self._stopped:
            self._abandon_ready()
        elif len(self._threads) < self._max_threads and not self._idle.acquire(blocking=False):
            self._start_thread()

    def expect(self, answer: pykka.Future[object]) -> None:
        """Do nothing: the threads run anyway."""

    def linger(self, span: timedelta) -> None:
        """Sleep on the calling thread."""
        time.sleep(span.total_seconds())

    def report(self, crash: Crash) -> None:
        """Log where the exception was raised, but not its text, which may quote a message."""
        log.error(
            "actor_crashed",
            actor=crash.actor,
            doing=crash.doing,
            error=type(crash.error).__name__,
            where=where_raised(crash.error),
            handled=crash.handled,
        )

    def stop(self, timeout: timedelta = timedelta(seconds=10)) -> bool:
        """Process the waiting messages, then end the threads. Not from the pool's own threads.

        Actors still alive are not stopped, but abandoned at their next message.

        Returns:
            False if a thread was still busy after `timeout`; it ends after its current turn.
        """
        self._ready.put(None)
        deadline = time.monotonic() + timeout.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        drained = not any(thread.is_alive() for thread in self._threads)
        self._stopped = True
        self._abandon_ready()
        return drained

    def _run(self) -> None:
        while not self._stopped and (consumer := self._wait_for_ready()) is not None:
            self._give_turn(consumer)
        while not self._stopped and (consumer := self._next_ready()) is not None:
            self._give_turn(consumer)
        self._ready.put(None)

    def _start_thread(self) -> None:
        with self._lock:
            number = len(self._threads)
            if number >= self._max_threads:
                return
            thread = threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _wait_for_ready(self) -> MailboxConsumer | None:
        with contextlib.suppress(Empty):
            return self._ready.get_nowait()
        self._idle.release()
        return self._ready.get()

    def _next_ready(self) -> MailboxConsumer | None:
        with contextlib.suppress(Empty):
            return self._ready.get_nowait()
        return None

    def _give_turn(self, consumer: MailboxConsumer) -> None:
        try:
            consumer.run_turn(self._messages_per_turn)
        except BaseException as error:  # noqa: BLE001
            # SystemExit in a library must not cost the pool a thread.
            consumer.give_up(error)
            self.report(Crash(str(consumer), "run_turn", error, handled=False))

    def _abandon_ready(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                if (consumer := self._ready.get_nowait()) is not None:
                    consumer.abandon()
        self._ready.put(None)


class NeverSettledError(Exception):
    """Raised when actors still have messages after the maximum number of steps."""


class SteppingDispatcher:
    """Runs turns on the caller's thread, one message at a time, in a reproducible order.

    Ready actors come first come first served, or as drawn from `order`. Waiting for an answer steps
    until it arrives, so `ref.ask` and `ref.stop` work unchanged. Meant for one thread, though
    others may send messages to its actors.

    Args:
        order: The source of a random order; None for first come first served.
        fail_fast: Raise every crash of an actor; otherwise only unhandled ones.
    """

    def __init__(self, order: random.Random | None = None, *, fail_fast: bool = True) -> None:
        self._order = order
        self._fail_fast = fail_fast
        self._ready: deque[MailboxConsumer] = deque()
        self._crashes: deque[Crash] = deque()

    def schedule(self, consumer: MailboxConsumer) -> None:
        """Queue the consumer for a step."""
        self._ready.append(consumer)

    def expect(self, answer: pykka.Future[object]) -> None:
        """Step while the answer is waited for."""
        if isinstance(answer, MailboxFuture):
            answer.step = self.step

    def linger(self, span: timedelta) -> None:
        """Do nothing: further messages come from the caller, who waits for this turn."""

    def report(self, crash: Crash) -> None:
        """Keep the crash for `step` to raise."""
        if self._fail_fast or not crash.handled:
            self._crashes.append(crash)

    def step(self) -> bool:
        """Run one ready actor for one start or message; return False if none is ready.

        Raises:
            BaseException: What the actor raised, after its supervision has handled it.
        """
        if not self._ready:
            return False
        self._next_ready().run_turn(1)
        if self._crashes:
            raise self._crashes.popleft().error
        return True

    def run_until_idle(self, max_steps: int = 100_000) -> int:
        """Step until no actor is ready.

        Returns:
            The number of steps.

        Raises:
            NeverSettledError: If actors are still ready after `max_steps`.
        """
        for steps in range(max_steps):
            if not self.step():
                return steps
        if self._ready:
            busy = ", ".join(sorted({str(consumer) for consumer in self._ready})[:5])
            raise NeverSettledError(f"Still busy after {max_steps} steps: {busy}")
        return max_steps

    def stop(self, timeout: timedelta = timedelta(seconds=10)) -> bool:  # noqa: ARG002
        """Process the waiting messages, as a pool does."""
        self.run_until_idle()
        return True

    def _next_ready(self) -> MailboxConsumer:
        if self._order is not None:
            drawn = self._order.randrange(len(self._ready))
            self._ready[0], self._ready[drawn] = self._ready[drawn], self._ready[0]
        return self._ready.popleft()


QUICK_RESPONDERS = 4
READERS = 2


class Stoppable(Dispatcher, Protocol):
    """A dispatcher that can be stopped."""

    def stop(self, timeout: timedelta = ...) -> bool:
        """Process the waiting messages, then end; return False if something was still busy."""


@dataclass(frozen=True, slots=True)
class Dispatchers:
    """The dispatcher of each kind of actor; a test passes one stepping dispatcher for all."""

    shared: Stoppable
    responders: Stoppable
    couriers: Stoppable
    readers: Stoppable
    persistence: Stoppable

    @classmethod
    def threaded(cls, couriers: int, responders: int = 8) -> "Dispatchers":
        """Create production dispatchers for this many concurrent calls of each kind."""
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
        """Stop all dispatchers, those first that others wait for."""
        for dispatcher in (
            self.shared,
            self.responders,
            self.couriers,
            self.readers,
            self.persistence,
        ):
            dispatcher.stop(timedelta(seconds=1))
