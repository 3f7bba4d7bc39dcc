"""What says that a bot replies goes before everything else, whatever becomes of it."""

import pytest

from moca.core.content.content import Content
from moca.core.conversation.decide import Event, TimerFired
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent
from moca.core.messages.replies import QueueReply, ReplyGenerated, ReplyQueued
from moca.core.policy import ConversationPolicy
from tests.core.conversation.script import FRESH, Talk
from tests.support.factory import ANNA, at, reply_to, said

POLICY = ConversationPolicy(disclosure="A bot.")


def _with_two_replies() -> Talk:
    talk = Talk(FRESH, POLICY).receive(said(1, "hi"), said(2, "are you open?"))
    talk.happens(5, TimerFired()).happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    assert _texts(talk) == ["A bot.\n\nhello"]
    return talk.happens(6, ReplyGenerated(ANNA, (2,), 1, Content(text="we are")))


def _texts(talk: Talk) -> list[str]:
    return [each.content.text for each in talk.effects if isinstance(each, QueueReply)]


@pytest.mark.parametrize(
    ("ends", "next_text"),
    [
        (ReplySent(ANNA, 1, at(7)), "we are"),
        (ReplyFailed(ANNA, 1, "no answer"), "A bot.\n\nwe are"),
        (ReplyDropped(ANNA, 1, "cancelled by ana"), "A bot.\n\nwe are"),
    ],
)
def test_a_reply_waits_for_the_one_that_carries_the_disclosure(ends: Event, next_text: str) -> None:
    talk = _with_two_replies()
    assert _texts(talk) == []
    assert _texts(talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))) == []
    assert _texts(talk.happens(7, ends)) == [next_text]
