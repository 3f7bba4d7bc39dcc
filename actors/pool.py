import time
from collections.abc import Callable, Sequence
from typing import Any

from pykka._envelope import Envelope

from actors.mailbox import Dispatcher, Mailbox
from actors.runtime import MailboxActor, Ref


class Pool:
    """Actors of one kind that share a mailbox: each message goes to whichever is free first.

    Its length is the number of messages waiting.
    """

    def __init__(self, mailbox: Mailbox, refs: Sequence[Ref[Any]]) -> None:
        self._mailbox = mailbox
        self._refs = refs

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
        self._mailbox.put(Envelope(message))

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
        for stopped in [ref.stop(block=False) for ref in self._refs]:
            stopped.get(timeout=None if deadline is None else max(0, deadline - time.monotonic()))


def start_pool(
    actor_class: type[MailboxActor],
    size: int,
    dispatcher: Dispatcher,
    *,
    capacity: int | None = None,
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
        escalate: called with the error when one of them is given up.
        **kwargs: for each constructor.
    """
    mailbox = Mailbox()
    mailbox.attach(dispatcher, capacity, consumers=size)
    actors = [actor_class(**kwargs) for _ in range(size)]
    return Pool(mailbox, [actor.launch(mailbox, escalate) for actor in actors])
