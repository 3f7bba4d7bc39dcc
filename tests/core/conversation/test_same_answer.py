"""A burst does not get the same reply twice."""

from dataclasses import replace

import pytest

from moca.core.content.content import Content
from moca.core.conversation.decide import TimerFired
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.delivery import ReplySent
from moca.core.messages.replies import (
    GenerateReply,
    QueueReply,
    ReplyGenerated,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
    ShareReply,
)
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, at, reply_to, said

SAME, OTHER = Content(text="Thank you."), Content(text="20 €")
TEXT, PHOTO, STORY = (
    said(1, "hi", 0),
    said(2, "", 1, type="image"),
    said(3, "nice", 2, type="story_reply"),
)


def _burst(*messages: Inbound) -> Talk:
    return Talk().receive(*messages).happens(5, TimerFired())


def _queueing(message: Inbound, content: Content, seconds: float = 6) -> QueueReply:
    return QueueReply(1, (message.id,), content, at(seconds), made_of=(message.text,))


def _written(
    talk: Talk, *messages: Inbound, content: Content = SAME, is_sample: bool = False
) -> Talk:
    for each in messages:
        talk.happens(6, ReplyGenerated(ANNA, (each.id,), 1, content, is_sample=is_sample))
    return talk


def test_an_answer_that_is_queued_already_answers_the_others_too() -> None:
    talk = _written(_burst(TEXT, PHOTO, STORY), TEXT)
    assert talk.effects == (_queueing(TEXT, SAME),)
    assert _written(talk, PHOTO, STORY).effects == ()

    talk = talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    assert talk.effects == (ShareReply(1, _queueing(PHOTO, SAME)),)
    talk = talk.happens(6, ReplyShared(ANNA, (2,)))
    assert talk.effects == (ShareReply(1, _queueing(STORY, SAME)),)
    talk.happens(6, ReplyShared(ANNA, (3,)))
    assert talk.state.drafts == ()


def test_another_answer_goes_as_ever() -> None:
    talk = _written(_burst(TEXT, PHOTO, STORY), TEXT, STORY)
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, OTHER))
    assert talk.effects == (_queueing(PHOTO, OTHER), ShareReply(1, _queueing(STORY, SAME)))


def test_what_waited_for_an_answer_that_was_refused_is_queued() -> None:
    talk = _written(_burst(TEXT, PHOTO), TEXT, PHOTO)
    talk.happens(7, ReplyRefused(ANNA, (1,), "the messages no longer need a reply"))
    assert talk.effects == (_queueing(PHOTO, SAME, 7),)


@pytest.mark.parametrize("what", ["a sample", "comments"])
def test_samples_and_private_replies_are_each_sent(what: str) -> None:
    first, second = TEXT, PHOTO
    if what == "comments":
        first, second = (replace(each, kind="comment") for each in (first, second))
    talk = _written(_burst(first, second), first, is_sample=what == "a sample")
    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, SAME, is_sample=what == "a sample"))
    assert talk.effects == (_queueing(second, SAME),)


def test_the_next_burst_is_answered_anew() -> None:
    talk = _written(_burst(TEXT), TEXT)
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.happens(7, ReplySent(ANNA, 1, at(7))).receive(said(2, "hm", 8)).happens(37, TimerFired())
    assert talk.effects == (GenerateReply(ANNA, (said(2, "hm", 8),), 1),)
    talk = talk.happens(38, ReplyGenerated(ANNA, (2,), 1, SAME))
    assert talk.effects == (_queueing(said(2, "hm"), SAME, 38),)
