"""A responder that crashes fails the request at hand, and no other."""

from actors.bots.bot import same_bot_for_all
from actors.generation import GenerationRequests
from actors.responder import Answer, ResponderActor
from actors.runtime.dispatchers import SteppingDispatcher
from moca.core.content.content import Content
from moca.core.messages.replies import GenerateReply, GenerationFailed, GenerationStarted
from moca.core.policy import ConversationPolicy
from moca.replies.generator import GeneratedReply, ReplyRequest
from tests.support.factory import ANNA, BEN, said

FIRST = GenerateReply(ANNA, (said(1, "hi"),), attempt=1)
SECOND = GenerateReply(BEN, (said(2, "hi"),), attempt=1)


class BreaksOnce:
    """A generator with a fault that shows at its first request."""

    needs_history = 0

    def __init__(self) -> None:
        self._has_broken = False

    def reply(self, _request: ReplyRequest) -> GeneratedReply:
        if not self._has_broken:
            self._has_broken = True
            raise ZeroDivisionError
        return GeneratedReply(Content(text="At nine."))


class CrashingListener:
    """Hears the answers; the first that starts a request to Ben is lost with the actor."""

    def __init__(self) -> None:
        self.heard: list[Answer] = []

    def __call__(self, answer: Answer) -> None:
        if isinstance(answer, GenerationStarted) and answer.contact == BEN:
            raise ConnectionError
        self.heard.append(answer)


def test_a_crash_after_a_broken_generation_fails_the_request_at_hand() -> None:
    stage, listener, requests = (
        SteppingDispatcher(fail_fast=False),
        CrashingListener(),
        GenerationRequests(),
    )
    responder = ResponderActor.start_on(
        stage,
        bot_of=same_bot_for_all(ConversationPolicy(), BreaksOnce()),
        requests=requests,
        notify=listener,
    )
    for request in (FIRST, SECOND):
        requests.add(request)
        responder.tell(request)
        while stage.step():
            pass
    failed = [each for each in listener.heard if isinstance(each, GenerationFailed)]
    crashed = "the reply generator crashed"
    assert failed == [
        GenerationFailed(ANNA, (1,), 1, f"{crashed}: ZeroDivisionError"),
        GenerationFailed(BEN, (2,), 1, f"{crashed}: ConnectionError"),
    ]
    responder.stop()
