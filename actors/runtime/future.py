from collections.abc import Callable
from typing import Any

import pykka
from pykka import ActorDeadError
from pykka._envelope import Envelope
from pykka.messages import _ActorStop


class Answer(pykka.ThreadingFuture[Any]):
    """What an ask will be answered with."""

    def __init__(self) -> None:
        super().__init__()
        self.step: Callable[[], bool] | None = None
        """Set by a dispatcher that has no threads: delivers one message, False if none waits."""

    def get(self, *, timeout: float | None = None) -> Any:
        """Wait for the answer; on a stepping dispatcher, step until it has come.

        Args:
            timeout: seconds to wait; on a stepping dispatcher nothing is waited for.

        Raises:
            pykka.Timeout: if it has not come by then, or nothing is left that could bring it.
            Exception: what the asked actor raised.
        """
        if self.step is None:
            return super().get(timeout=timeout)
        while self._result is None and self.step():
            pass
        return super().get(timeout=0)


def refuse(envelope: Envelope[Any]) -> None:
    """Answer whoever asked for something that no actor will handle any more."""
    if envelope.reply_to is None:
        return
    if isinstance(envelope.message, _ActorStop):
        envelope.reply_to.set(None)
    else:
        error = ActorDeadError("The actor stopped before handling the message.")
        envelope.reply_to.set_exception((ActorDeadError, error, None))
