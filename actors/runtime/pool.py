import time
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from threading import Lock
from typing import Any

from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.future import Envelope
from actors.runtime.mailbox import Dispatcher, Mailbox


class Pool:
    """Actors of one kind that share a mailbox: each message goes to the first free one.

    `len()` is the number of waiting messages.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        refs: Sequence[Ref[Any]],
        more: Iterator[Callable[[], Ref[Any]]],
    ) -> None:
        self._mailbox = mailbox
        self._refs = list(refs)
        self._more = more
        """Starts the actors that are needed only once all others are busy."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._mailbox)

    def __bool__(self) -> bool:
        # Truthy even when empty.
        return True

    def is_alive(self) -> bool:
        """Return whether any of its actors is alive."""
        return any(ref.is_alive() for ref in self._refs)

    def tell(self, message: object) -> None:
        """Send a message to one of the actors.

        Raises:
            ActorDeadError: If all have stopped.
        """
        has_resting = self._mailbox.has_resting
        self._mailbox.put(Envelope(message))
        if not has_resting:
            self._grow()

    def try_tell(self, message: object) -> bool:
        """Send a message; return False if the mailbox is at capacity.

        Raises:
            ActorDeadError: If all have stopped.
        """
        return self._mailbox.offer(Envelope(message))

    def stop(self, *, timeout: float | None = None) -> None:
        """Stop every actor once the waiting messages have been taken.

        Args:
            timeout: Seconds to wait for all of them.

        Raises:
            pykka.Timeout: If some are still busy by then; they stop when they are done.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            self._more = iter(())
        for stopped in [ref.stop(block=False) for ref in self._refs]:
            stopped.get(timeout=None if deadline is None else max(0, deadline - time.monotonic()))

    def _grow(self) -> None:
        with self._lock:
            start = next(self._more, None)
            if start is not None:
                self._refs.append(start())


def start_pool(
    actor_class: type[MailboxActor],
    size: int,
    dispatcher: Dispatcher,
    *,
    capacity: int | None = None,
    at_once: int | None = None,
    escalate: Callable[[BaseException], None] | None = None,
    **kwargs: Any,
) -> Pool:
    """Start several actors on one mailbox; a blocking pool needs as many threads.

    A message that an actor sends to itself may be handled by another of the pool. An actor that is
    given up leaves the others running.

    Args:
        actor_class: Instantiated `size` times.
        size: How many messages can be handled at a time.
        dispatcher: Runs the actors' turns.
        capacity: Waiting messages beyond which `Pool.try_tell` refuses; None for no limit.
        at_once: How many start now, the others once all are busy; None for all.
        escalate: Called with the error when one of the actors is given up.
        **kwargs: Passed to each constructor.
    """
    first = size if at_once is None else min(at_once, size)
    mailbox = Mailbox()
    mailbox.attach(dispatcher, capacity, consumers=first)
    actors = [actor_class(**kwargs) for _ in range(first)]

    def start() -> Ref[Any]:
        mailbox.join()
        return actor_class(**kwargs).launch(mailbox, escalate)

    refs = [actor.launch(mailbox, escalate) for actor in actors]
    return Pool(mailbox, refs, repeat(start, size - first))
