from collections.abc import Callable
from typing import Any

import structlog

from actors.bots.bot import BotOf
from actors.generation import GenerationRequests
from actors.runtime.actor import MailboxActor
from moca import clock
from moca.core.content.content import Content
from moca.core.messages.replies import (
    CheckImmediateReply,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandoverRequested,
    ImmediateReplyRequested,
    ReplyDeclined,
    ReplyGenerated,
)
from moca.core.types import ContactKey
from moca.replies.generator import (
    GeneratedReply,
    GenerationError,
    HandOver,
    HistoryMessage,
    NoReply,
    ReplyGenerator,
    ReplyRequest,
)
from moca.storage.queries.history import ContactHistory

log = structlog.get_logger()

Answer = (
    ImmediateReplyRequested
    | GenerationStarted
    | ReplyGenerated
    | ReplyDeclined
    | HandoverRequested
    | GenerationFailed
)

Recall = Callable[[ContactKey, int, int], ContactHistory]
"""Returns the history with a contact before a message, up to a limit of messages; may block."""


def recall_nothing(_contact: ContactKey, _before_id: int, _limit: int) -> ContactHistory:
    """Return an empty history."""
    return ContactHistory()


class _GenerationActor(MailboxActor):
    """Common base of the responders: how they find a generator, and where they report results."""

    def __init__(
        self,
        *,
        bot_of: BotOf,
        requests: GenerationRequests,
        notify: Callable[[Answer], None],
        recall: Recall = recall_nothing,
    ) -> None:
        super().__init__()
        self._bot_of = bot_of
        self._requests = requests
        self._notify = notify
        self._recall = recall
        self._at_work: GenerateReply | None = None

    def on_crash(self, message: Any, error: Exception) -> None:
        """Report an unexpected exception of a generator and continue."""
        log.error("generator_crashed", error=type(error).__name__)
        if isinstance(message, CheckImmediateReply):
            return
        failed: GenerateReply = self._at_work or message
        self._at_work = None
        self._requests.finish(failed)
        self._requests.end(failed)
        because = f"the reply generator crashed: {type(error).__name__}"
        self._notify(GenerationFailed(*failed.key, because))

    def _make(self, command: GenerateReply, generator: ReplyGenerator) -> Answer:
        self._at_work = command
        try:
            reply = generator.reply(self._request(command, generator))
            if isinstance(reply, Content):
                reply = GeneratedReply(reply, is_sample=getattr(generator, "is_sample", False))
            answer = _answer(command, reply)
        except GenerationError as error:
            answer = GenerationFailed(*command.key, str(error))
        self._at_work = None
        return answer

    def _request(self, command: GenerateReply, generator: ReplyGenerator) -> ReplyRequest:
        limit = generator.needs_history
        known = ContactHistory()
        if limit or getattr(generator, "needs_name", True):
            known = self._recall(command.contact, command.inputs[0].id, limit)
        return ReplyRequest(
            contact=command.contact,
            inputs=command.inputs,
            attempt=command.attempt,
            now=clock.now(),
            contact_name=known.name,
            history=tuple(
                HistoryMessage(role=each.role, text=each.text, at=each.at) for each in known.said
            ),
        )


class ResponderActor(_GenerationActor):
    """Makes replies, one at a time, on a blocking thread; several share one mailbox."""

    def on_receive(self, message: GenerateReply) -> None:
        """Make one reply or report why not, unless the request was withdrawn."""
        taken = self._requests.take(message, clock.now())
        if taken is None:
            return
        self._notify(GenerationStarted(*taken.key, clock.now()))
        answer = self._make(taken, self._bot_of(taken.contact.account_id).generator)
        self._requests.end(taken)
        self._notify(answer)


class QuickResponderActor(_GenerationActor):
    """Makes the replies that need no call; passes on those that do or that it could not answer."""

    def __init__(self, *, hand_on: Callable[[GenerateReply], None], **parts: Any) -> None:
        super().__init__(**parts)
        self._hand_on = hand_on

    def on_receive(self, message: GenerateReply | CheckImmediateReply) -> None:
        """Make the reply to the waiting request of the same draft, if there is one."""
        if isinstance(message, CheckImmediateReply):
            self._check(message)
            return
        while (request := self._requests.waiting(message)) is not None:
            bot = self._bot_of(request.contact.account_id)
            if bot.quick is None:
                self._hand_on(request)
                return
            answer = self._make(request, bot.quick)
            is_answered = isinstance(answer, ReplyGenerated | HandoverRequested)
            if bot.quick is not bot.generator and not is_answered:
                self._hand_on(request)
                return
            if self._requests.finish(request):
                self._notify(answer)

    def _check(self, check: CheckImmediateReply) -> None:
        quick = self._bot_of(check.contact.account_id).quick
        because = None if quick is None else quick.answers_at_once(check.message, clock.now())
        if because is not None:
            self._notify(ImmediateReplyRequested(check.contact, check.message.id, because))


def _answer(command: GenerateReply, reply: GeneratedReply | HandOver | NoReply) -> Answer:
    match reply:
        case GeneratedReply(content=content, by=by, is_sample=is_sample, made_by=made_by):
            return ReplyGenerated(*command.key, content, by, is_sample, made_by)
        case HandOver(because=because, content=content, made_by=made_by):
            return HandoverRequested(*command.key, because, content, made_by)
        case NoReply(because):
            return ReplyDeclined(*command.key, because)
