"""A conversation that waits for an event that never comes asks the database."""

import pytest

from moca.core.content.content import Content
from moca.core.conversation.decide import SweepFound, TimerFired
from moca.core.conversation.effects import ReloadConversation, WakeAt
from moca.core.messages.replies import GenerateReply, GenerationStarted, ReplyGenerated, ReplyQueued
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, at, reply_to, said

HELLO = Content(text="hello")


def _asked() -> Talk:
    return Talk().receive(said(1, "hi")).happens(5, TimerFired())


def _queued() -> Talk:
    talk = _asked().happens(6, ReplyGenerated(ANNA, (1,), 1, HELLO))
    return talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))


@pytest.mark.parametrize(("seconds", "asks"), [(126, False), (127, True)])
def test_a_reply_unheard_of_is_asked_about_though_its_contact_keeps_writing(
    seconds: float, asks: bool
) -> None:
    talk = _queued().receive(
        *(said(number, f"text {number}", 10 * number) for number in range(2, 13))
    )
    assert talk.happens(seconds, SweepFound(2)).effects == ((ReloadConversation(),) if asks else ())


def test_a_reply_that_is_written_and_never_queued_is_asked_about() -> None:
    talk = _asked().happens(6, ReplyGenerated(ANNA, (1,), 1, HELLO)).receive(said(2, "hello?", 120))
    assert talk.happens(127, SweepFound(1)).effects == (ReloadConversation(),)


def test_news_of_a_reply_are_waited_for_anew() -> None:
    talk = _asked().happens(60, ReplyGenerated(ANNA, (1,), 1, HELLO))
    assert talk.happens(127, SweepFound(1)).effects == ()


def test_a_draft_that_waits_for_a_responder_is_asked_for_once_more_and_not_reloaded() -> None:
    asked = GenerateReply(ANNA, (said(1, "hi"),), 1)
    talk = _asked().receive(said(2, "hello?", 100))
    assert talk.happens(125, SweepFound(1)).effects == ()
    assert talk.happens(126, SweepFound(1)).effects == (asked,)
    assert talk.happens(141, SweepFound(1)).effects == ()


def test_a_draft_that_is_being_made_waits_for_its_time_limit() -> None:
    talk = _asked().happens(200, GenerationStarted(ANNA, (1,), 1, at(200)))
    effects = talk.happens(229, SweepFound(1)).effects
    assert not any(isinstance(each, GenerateReply | ReloadConversation) for each in effects)


@pytest.mark.parametrize(("message_id", "asks"), [(1, True), (2, False)])
def test_a_message_unheard_of_is_asked_for_though_its_contact_keeps_writing(
    message_id: int, asks: bool
) -> None:
    talk = Talk().receive(said(2, "are you there?", 10))
    effects = talk.happens(12, SweepFound(message_id)).effects
    assert effects == ((ReloadConversation(),) if asks else (WakeAt(at(15)),))
