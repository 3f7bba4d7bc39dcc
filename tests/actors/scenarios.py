"""What the tests of the bot's manners begin with."""

from dataclasses import replace
from datetime import timedelta

from moca import clock
from moca.core.content.content import Content
from moca.core.content.words import Words
from moca.core.conversation.consent import Consent
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import QueueReply
from moca.core.policy import ConversationPolicy
from moca.core.types import Author, ConversationStatus
from moca.replies.generator import ReplyRequest

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
    """Answers each request with the next of these, and keeps what it was asked."""

    def __init__(self, *replies, needs_history=0) -> None:
        self.needs_history = needs_history
        self.asked: list[ReplyRequest] = []
        self._replies = replies

    def reply(self, request: ReplyRequest):
        self.asked.append(request)
        return self._replies[min(len(self.asked), len(self._replies)) - 1]


class FakePost:
    """Takes notices, or says what went wrong."""

    def __init__(self, *faults: str) -> None:
        self.taken = []
        self.tried = []
        self._faults = list(faults)

    def send(self, notice) -> str:
        self.tried.append(notice)
        fault = self._faults.pop(0) if self._faults else ""
        if not fault:
            self.taken.append(notice)
        return fault


def said(house) -> list[str]:
    return [call.text for call in house.instagram.reached]


def stages(house, mid: str, stage: str) -> list[tuple[str, str]]:
    return [(s.outcome, s.detail) for s in house.journey(mid).steps if s.stage == stage]


def change(house, status: ConversationStatus, conversation_id: int = 1) -> None:
    house.system.tell(ChangeConversation(conversation_id, status, clock.now()))
    house.settle()


def leap(house, hours: float) -> None:
    """Let hours pass at once: all that is due meanwhile is due at their end."""
    house.frozen.tick(timedelta(hours=hours))
    house.settle()


def by_operator(house, text: str) -> None:
    house.system.tell(QueueReply(1, (), Content(text=text), at=clock.now(), author=Author.OPERATOR))
    house.settle()
