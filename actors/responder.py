from collections.abc import Callable
from typing import Any

import structlog

from actors.runtime import MailboxActor
from moca import clock
from moca.core.contact import ContactKey
from moca.core.content import Content
from moca.core.messages import (
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    ReplyDeclined,
    ReplyGenerated,
)
from moca.replies.generator import (
    GenerationError,
    HandOver,
    NoReply,
    Reply,
    ReplyGenerator,
    ReplyRequest,
    Say,
    Saying,
)
from moca.storage.reads.recollection import Recollection

log = structlog.get_logger()

Answer = GenerationStarted | ReplyGenerated | ReplyDeclined | HandOverAsked | GenerationFailed

Recall = Callable[[ContactKey, int, int], Recollection]
"""Tells what was said with a contact before a message, so many messages at most; may block."""


def recall_nothing(_contact: ContactKey, _before_id: int, _limit: int) -> Recollection:
    """Remember nobody."""
    return Recollection()


class ResponderActor(MailboxActor):
    """Makes replies, one at a time, on a blocking thread; several share one mailbox."""

    def __init__(
        self,
        *,
        generator: ReplyGenerator,
        notify: Callable[[Answer], None],
        recall: Recall = recall_nothing,
    ) -> None:
        super().__init__()
        self._generator = generator
        self._notify = notify
        self._recall = recall

    def on_receive(self, message: GenerateReply) -> None:
        """Make one reply, or report why not."""
        self._notify(GenerationStarted(*_name(message), clock.now()))
        try:
            reply = self._generator.reply(self._request(message))
        except GenerationError as error:
            self._notify(GenerationFailed(*_name(message), str(error)))
        else:
            self._notify(_answer(message, reply))

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report a generator that failed in a way it does not promise, and go on."""
        log.error("generator_crashed", error=type(error).__name__)
        because = f"the generator crashed: {type(error).__name__}"
        self._notify(GenerationFailed(*_name(message), because))

    def _request(self, asked: GenerateReply) -> ReplyRequest:
        limit = self._generator.needs_history
        known = Recollection()
        if limit or getattr(self._generator, "needs_name", True):
            known = self._recall(asked.contact, asked.inputs[0].id, limit)
        return ReplyRequest(
            contact=asked.contact,
            inputs=asked.inputs,
            attempt=asked.attempt,
            now=clock.now(),
            contact_name=known.name,
            history=tuple(
                Saying(role=each.role, text=each.text, at=each.at) for each in known.said
            ),
        )


def _name(asked: GenerateReply) -> tuple[ContactKey, int, int]:
    return asked.contact, asked.inputs[0].id, asked.attempt


def _answer(asked: GenerateReply, reply: Reply) -> Answer:
    name = _name(asked)
    match reply:
        case Content():
            return ReplyGenerated(*name, reply)
        case Say(content, by):
            return ReplyGenerated(*name, content, by)
        case HandOver(because, words):
            return HandOverAsked(*name, because, words)
        case NoReply(because):
            return ReplyDeclined(*name, because)
