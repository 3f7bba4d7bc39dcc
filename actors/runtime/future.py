from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pykka
from pykka import ActorDeadError
from pykka.messages import _ActorStop


class MailboxFuture(pykka.ThreadingFuture[object]):
    """The future answer to an ask."""

    def __init__(self) -> None:
        super().__init__()
        self.step: Callable[[], bool] | None = None
        """Set by a dispatcher without threads: delivers one message, or returns False if none."""

    def get(self, *, timeout: float | None = None) -> object:
        """Wait for the answer; on a stepping dispatcher, step until it arrives.

        Args:
            timeout: Seconds to wait; unused on a stepping dispatcher.

        Raises:
            pykka.Timeout: If there is no answer by then, or nothing is left to produce it.
            Exception: What the asked actor raised.
        """
        if self.step is None:
            return super().get(timeout=timeout)
        while self._result is None and self.step():
            pass
        return super().get(timeout=0)


@dataclass(slots=True)
class Envelope:
    """What a mailbox holds; Pykka's references put envelopes of the same shape into it."""

    message: object
    reply_to: pykka.Future[Any] | None = None
    """The future of an ask's answer; None for a tell."""


def refuse(envelope: Envelope) -> None:
    """Answer the sender of an ask that no actor will handle any more."""
    if envelope.reply_to is None:
        return
    if isinstance(envelope.message, _ActorStop):
        envelope.reply_to.set(None)
    else:
        error = ActorDeadError("The actor stopped before handling the message.")
        envelope.reply_to.set_exception((ActorDeadError, error, None))
