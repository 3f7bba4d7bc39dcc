from dataclasses import replace

import pytest

from moca.core.content.content import Content
from moca.core.conversation.effects import ReloadConversation
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.replies import GenerateReply, QueueReply, ReplyGenerated, ReplyRefused
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, said


def erased(id: int) -> MessageErased:
    return MessageErased(ANNA, 1, id)


def edited(id: int, text: str = "tea") -> MessageEdited:
    return MessageEdited(ANNA, 1, id, text)


def gathered(talk: Talk) -> list[tuple[int, str]]:
    return [(message.id, message.text) for message in talk.state.gathered]


def test_an_unsent_message_waits_no_more() -> None:
    talk = Talk().receive(said(1, "oops"), said(2, "hi", 1)).happens(2, erased(1))
    assert gathered(talk) == [(2, "hi")]

    talk.happens(3, erased(2))
    assert (gathered(talk), talk.state.gathering_since) == ([], None)


def test_words_that_were_unsent_may_be_said_again() -> None:
    talk = Talk().receive(said(1, "hi")).happens(1, erased(1)).receive(said(2, "hi", 2))
    assert gathered(talk) == [(2, "hi")]


def test_a_reply_to_nothing_but_an_unsent_message_is_given_up() -> None:
    talk = Talk().receive(said(1, "oops"), said(2, "hi", 1)).happens(5, erased(9))
    assert [draft.input_ids for draft in talk.state.drafts] == [(1,), (2,)]

    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, Content(text="hello")))
    talk.happens(6, erased(1))
    (queued,) = [each for each in talk.effects if isinstance(each, QueueReply)]
    assert queued.input_ids == (2,)


def test_a_reply_to_more_than_an_unsent_message_forgets_what_it_said() -> None:
    talk = Talk().receive(said(1, "hi"), said(2, "more", 1), said(3, "hi", 20))
    talk = Talk(replace(talk.state, drafts=()))
    first, second = said(11, "hi"), said(12, "hi")
    talk.state = replace(talk.state, gathered=(first, second), gathering_since=first.received_at)
    talk.happens(60, erased(99)).happens(61, erased(11))
    (draft,) = talk.state.drafts
    assert [(message.id, message.text) for message in draft.inputs] == [(11, ""), (12, "hi")]


def test_a_message_that_waits_reads_as_edited() -> None:
    talk = Talk().receive(said(1, "coffee")).happens(1, edited(1))
    assert gathered(talk) == [(1, "tea")]
    assert [message.text for message in talk.state.remembered] == ["tea"]


def test_a_reply_that_is_being_made_is_made_anew() -> None:
    talk = Talk().receive(said(1, "coffee")).happens(5, edited(99)).happens(6, edited(1))
    reworded = replace(said(1, "coffee"), text="tea")
    assert GenerateReply(ANNA, (reworded,), 2) in talk.effects

    talk.happens(7, ReplyGenerated(ANNA, (1,), 1, Content(text="to coffee")))
    assert not talk.effects
    talk.happens(7, ReplyGenerated(ANNA, (1,), 2, Content(text="to tea")))
    (queued,) = [each for each in talk.effects if isinstance(each, QueueReply)]
    assert queued.content.text == "to tea"


def test_a_reply_that_is_written_and_not_queued_is_made_anew() -> None:
    talk = Talk().receive(said(1, "coffee"), said(2, "milk", 1)).happens(5, edited(99))
    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, Content(text="to milk")))
    talk.happens(7, edited(2))
    again = GenerateReply(ANNA, (replace(said(2, "tea", 1)),), 2)
    assert list(talk.effects) == [again]

    talk.happens(8, ReplyGenerated(ANNA, (2,), 2, Content(text="to tea")))
    talk.happens(8, ReplyGenerated(ANNA, (1,), 1, Content(text="to coffee")))
    queued = [each for each in talk.effects if isinstance(each, QueueReply)]
    assert [(each.content.text, each.made_of) for each in queued] == [
        ("to coffee", ("coffee",)),
        ("to tea", ("tea",)),
    ]


def test_a_reply_that_was_made_too_often_owns_what_it_was_made_of() -> None:
    talk = Talk().receive(said(1, "coffee")).happens(5, edited(99))
    for number in range(1, 10):
        talk.happens(6, edited(1, f"tea {number}"))
    last = talk.policy.generation_attempts
    talk.happens(7, ReplyGenerated(ANNA, (1,), last, Content(text="to tea")))
    (queued,) = [each for each in talk.effects if isinstance(each, QueueReply)]
    assert queued.made_of == (f"tea {last - 1}",)


@pytest.mark.parametrize(
    "event",
    [
        ReplyRefused(ANNA, (1,), "edited", is_outdated=True),
        ReplyDropped(ANNA, 7, "edited", is_recalled=True),
    ],
)
def test_what_waits_again_is_looked_up_before_anything_is_answered(
    event: ReplyDropped | ReplyRefused,
) -> None:
    talk = Talk().answers(said(1, "coffee"), 5).happens(6, MessageArrived(ANNA, 1, said(2, "x", 6)))
    talk.happens(40, event)
    assert talk.effects == (ReloadConversation(),)


def test_edits_do_not_have_a_reply_made_without_end() -> None:
    talk = Talk().receive(said(1, "coffee")).happens(5, edited(99))
    asked = 0
    for number in range(10):
        talk.happens(6, edited(1, f"tea {number}"))
        asked += sum(isinstance(each, GenerateReply) for each in talk.effects)
    assert asked == talk.policy.generation_attempts - 1


def test_an_edit_of_a_written_reply_changes_nothing() -> None:
    talk = Talk().receive(said(1, "coffee")).happens(5, edited(99))
    talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="to coffee")))
    before = talk.state
    talk.happens(7, edited(1))
    assert replace(talk.state, active_at=before.active_at) == replace(
        before, remembered=talk.state.remembered
    )
    assert talk.effects == ()
    talk.happens(8, MessageArrived(ANNA, 1, said(2, "more", 8)))
    assert gathered(talk) == [(2, "more")]
