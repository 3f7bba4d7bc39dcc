"""Common starting points of the tests of the bot's policies."""

from dataclasses import replace
from datetime import timedelta

from moca import clock
from moca.core.content.content import Content
from moca.core.content.words import Words
from moca.core.conversation.consent import Consent
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import QueueReply
from moca.core.notifications import Notification
from moca.core.policy import ConversationPolicy
from moca.core.types import Author, ConversationStatus
from moca.replies.generator import GeneratedReply, HandOver, NoReply, ReplyRequest
from tests.support.system import SteppedSystem

MOCK = "This would be an AI generated message"
POLICY = ConversationPolicy(
    opt_out_text="You are out.",
    opt_in_text="You are in.",
    escalation=Words.of(["human"]),
    hand_over_text="A person will answer.",
)
CONSENT = Consent(opt_out=Words.of(["STOP"]), opt_in=Words.of(["START"]))
DISCLOSURE = "You are talking to a bot."
DISCLOSING = replace(POLICY, disclosure=DISCLOSURE)


class Answers:
    """Answers each request with the next of these replies, and records the requests."""

    needs_name = True

    def __init__(
        self, *replies: Content | GeneratedReply | HandOver | NoReply, needs_history: int = 0
    ) -> None:
        self.needs_history = needs_history
        self.asked: list[ReplyRequest] = []
        self._replies = replies

    def reply(self, request: ReplyRequest) -> Content | GeneratedReply | HandOver | NoReply:
        self.asked.append(request)
        return self._replies[min(len(self.asked), len(self._replies)) - 1]


class FakePost:
    """Accepts notifications, or fails with a given reason."""

    def __init__(self, *faults: str) -> None:
        self.taken: list[Notification] = []
        self.tried: list[Notification] = []
        self._faults = list(faults)

    def send(self, notification: Notification) -> str:
        self.tried.append(notification)
        fault = self._faults.pop(0) if self._faults else ""
        if not fault:
            self.taken.append(notification)
        return fault


def said(system: SteppedSystem) -> list[str]:
    return [call.text for call in system.instagram.reached]


def stages(system: SteppedSystem, mid: str, stage: str) -> list[tuple[str, str]]:
    return [(s.outcome, s.detail) for s in system.journey(mid).steps if s.stage == stage]


def change(system: SteppedSystem, status: ConversationStatus, conversation_id: int = 1) -> None:
    system.actors.tell(ChangeConversation(conversation_id, status, clock.now()))
    system.settle()


def leap(system: SteppedSystem, hours: float) -> None:
    """Advance by hours at once: everything due meanwhile is due at their end."""
    system.frozen.tick(timedelta(hours=hours))
    system.settle()


def by_operator(system: SteppedSystem, text: str) -> None:
    system.actors.tell(
        QueueReply(1, (), Content(text=text), at=clock.now(), author=Author.OPERATOR)
    )
    system.settle()
