from collections.abc import Callable
from typing import Any

import structlog

from actors.runtime import MailboxActor
from moca import clock
from moca.core.messages import (
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    ReplyGenerated,
)
from moca.replies.generator import GenerationError, ReplyGenerator, ReplyRequest

log = structlog.get_logger()

Answer = GenerationStarted | ReplyGenerated | GenerationFailed


def _request(asked: GenerateReply) -> ReplyRequest:
    return ReplyRequest(contact=asked.contact, inputs=asked.inputs, attempt=asked.attempt)


class ResponderActor(MailboxActor):
    """Makes replies, one at a time, on a blocking thread; several share one mailbox."""

    def __init__(self, *, generator: ReplyGenerator, notify: Callable[[Answer], None]) -> None:
        super().__init__()
        self._generator = generator
        self._notify = notify

    def on_receive(self, message: GenerateReply) -> None:
        """Make one reply, or report why not."""
        asked = (message.contact, message.inputs[0].id, message.attempt)
        self._notify(GenerationStarted(*asked, clock.now()))
        try:
            text = self._generator.reply(_request(message))
        except GenerationError as error:
            self._notify(GenerationFailed(*asked, str(error)))
        else:
            self._notify(ReplyGenerated(*asked, text))

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report a generator that failed in a way it does not promise, and go on."""
        log.error("generator_crashed", error=type(error).__name__)
        because = f"the generator crashed: {type(error).__name__}"
        self._notify(
            GenerationFailed(message.contact, message.inputs[0].id, message.attempt, because)
        )
