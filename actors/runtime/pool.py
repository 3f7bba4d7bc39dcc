import time
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from threading import Lock
from typing import Any

from pykka._envelope import Envelope

from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.mailbox import Dispatcher, Mailbox


class Pool:
    """Actors of one kind that share a mailbox: each message goes to whichever is free first.

    Its length is the number of messages waiting.
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
        """Starts the actors that are wanted only once all others are at work."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._mailbox)

    def __bool__(self) -> bool:
        # A pool with nothing to do is not nothing.
        return True

    def is_alive(self) -> bool:
        """Tell whether any of its actors is alive."""
        return any(ref.is_alive() for ref in self._refs)

    def tell(self, message: Any) -> None:
        """Send a message to one of the actors.

        Raises:
            ActorDeadError: if all have stopped.
        """
        has_resting = self._mailbox.has_resting
        self._mailbox.put(Envelope(message))
        if not has_resting:
            self._grow()

    def try_tell(self, message: Any) -> bool:
        """Send a message unless as many as the capacity are waiting; False if so.

        Raises:
            ActorDeadError: if all have stopped.
        """
        return self._mailbox.offer(Envelope(message))

    def stop(self, *, timeout: float | None = None) -> None:
        """Stop every actor, once what is waiting has been taken out by one of them.

        Args:
            timeout: seconds to wait for all of them.

        Raises:
            pykka.Timeout: if some are still at work by then; they stop when they are done.
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
    """Start several actors on one mailbox; a blocking pool wants as many threads.

    An actor that asks or tells itself something may have a fellow answer. One given up leaves
    the others at work.

    Args:
        actor_class: made `size` times.
        size: how many messages can be handled at a time.
        dispatcher: where they have their turns.
        capacity: messages waiting, past which `Pool.try_tell` refuses; None for no bound.
        at_once: how many are started now, the others when all before are at work; None for all.
        escalate: called with the error when one of them is given up.
        **kwargs: for each constructor.
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
