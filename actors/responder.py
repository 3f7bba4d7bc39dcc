from collections.abc import Callable
from typing import Any

import structlog

from actors.generation import GenerationRequests
from actors.runtime.actor import MailboxActor
from moca import clock
from moca.core.content.content import Content
from moca.core.messages.replies import (
    AtOnceWanted,
    CheckAtOnce,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    ReplyDeclined,
    ReplyGenerated,
)
from moca.core.types import ContactKey
from moca.replies.generator import (
    GenerationError,
    HandOver,
    NoReply,
    ReplyGenerator,
    ReplyRequest,
    Say,
    Saying,
)
from moca.storage.queries.history import Recollection

log = structlog.get_logger()

Answer = (
    AtOnceWanted
    | GenerationStarted
    | ReplyGenerated
    | ReplyDeclined
    | HandOverAsked
    | GenerationFailed
)

Recall = Callable[[ContactKey, int, int], Recollection]
"""Tells what was said with a contact before a message, so many messages at most; may block."""


def recall_nothing(_contact: ContactKey, _before_id: int, _limit: int) -> Recollection:
    """Remember nobody."""
    return Recollection()


class _Generating(MailboxActor):
    """What every responder has: a generator, and who hears what became of a request."""

    def __init__(
        self,
        *,
        generator: ReplyGenerator,
        requests: GenerationRequests,
        notify: Callable[[Answer], None],
        recall: Recall = recall_nothing,
    ) -> None:
        super().__init__()
        self._generator = generator
        self._requests = requests
        self._notify = notify
        self._recall = recall
        self._at_work: GenerateReply | None = None

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report a generator that failed in a way it does not promise, and go on."""
        log.error("generator_crashed", error=type(error).__name__)
        if isinstance(message, CheckAtOnce):
            return
        failed = self._at_work or message
        self._requests.finish(failed)
        self._requests.end(failed)
        because = f"the generator crashed: {type(error).__name__}"
        self._notify(GenerationFailed(*_name(failed), because))

    def _make(self, asked: GenerateReply) -> Answer:
        self._at_work = asked
        try:
            reply = self._generator.reply(self._request(asked))
            if isinstance(reply, Content):
                reply = Say(reply, is_sample=getattr(self._generator, "is_sample", False))
            answer = _answer(asked, reply)
        except GenerationError as error:
            answer = GenerationFailed(*_name(asked), str(error))
        self._at_work = None
        return answer

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


class ResponderActor(_Generating):
    """Makes replies, one at a time, on a blocking thread; several share one mailbox."""

    def on_receive(self, message: GenerateReply) -> None:
        """Make one reply, or report why not, unless the request was withdrawn."""
        taken = self._requests.take(message, clock.now())
        if taken is None:
            return
        self._notify(GenerationStarted(*_name(taken), clock.now()))
        answer = self._make(taken)
        self._requests.end(taken)
        self._notify(answer)


class QuickResponderActor(_Generating):
    """Makes the replies that need no call, and hands on what does, or could not be answered."""

    def __init__(self, *, hand_on: Callable[[GenerateReply], None] | None, **parts: Any) -> None:
        super().__init__(**parts)
        self._hand_on = hand_on
        """None where there is no other generator to ask."""

    def on_receive(self, message: GenerateReply | CheckAtOnce) -> None:
        """Make the reply to what waits in the place of a request, if anything does."""
        if isinstance(message, CheckAtOnce):
            self._check(message)
            return
        while (request := self._requests.waiting(message)) is not None:
            answer = self._make(request)
            is_answered = isinstance(answer, ReplyGenerated | HandOverAsked)
            if self._hand_on is not None and not is_answered:
                self._hand_on(request)
                return
            if self._requests.finish(request):
                self._notify(answer)

    def _check(self, check: CheckAtOnce) -> None:
        wants = getattr(self._generator, "answers_at_once", None)
        because = wants(check.message, clock.now()) if wants is not None else None
        if because is not None:
            self._notify(AtOnceWanted(check.contact, check.message.id, because))


def _name(asked: GenerateReply) -> tuple[ContactKey, int, int]:
    return asked.contact, asked.inputs[0].id, asked.attempt


def _answer(asked: GenerateReply, reply: Say | HandOver | NoReply) -> Answer:
    name = _name(asked)
    match reply:
        case Say(content=content, by=by, is_sample=is_sample):
            return ReplyGenerated(*name, content, by, is_sample)
        case HandOver(because, words):
            return HandOverAsked(*name, because, words)
        case NoReply(because):
            return ReplyDeclined(*name, because)
