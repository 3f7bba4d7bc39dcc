from moca.core.content.content import Content
from moca.core.conversation.decide import TimerFired
from moca.core.conversation.effects import WakeAt
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    QueueReply,
    ReplyGenerated,
    ReplyRefused,
)
from moca.core.policy import ConversationPolicy, ReplyMode
from moca.core.types import Outcome
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, at, said


def test_a_first_message_waits_for_the_debounce() -> None:
    assert Talk().receive(said(1, "hi")).effects == (WakeAt(at(5)),)


def test_replies_are_queued_in_the_order_of_what_they_answer() -> None:
    talk = Talk().receive(said(1, "hi"), said(2, "price?", 1)).happens(5, TimerFired())

    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, Content(text="ten")))
    assert talk.effects == ()
    talk = talk.happens(7, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    assert talk.effects == (
        QueueReply(1, (1,), Content(text="hello"), at(7), made_of=("hi",)),
        QueueReply(1, (2,), Content(text="ten"), at(7), made_of=("price?",)),
    )


def test_a_failed_attempt_is_repeated_and_the_last_one_recorded() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    for attempt in (1, 2):
        talk.happens(6, GenerationFailed(ANNA, (1,), attempt, "no answer"))
        assert talk.effects == (GenerateReply(ANNA, (said(1, "hi"),), attempt + 1),)
    talk.happens(7, GenerationFailed(ANNA, (1,), 3, "no answer"))
    assert talk.effects == (
        ConcludeMessages((1,), Outcome.FAILED, "no reply could be generated: no answer", at(7)),
        WakeAt(at(67)),
    )


def test_a_generator_that_hangs_is_given_up_at_its_deadline_and_asked_again() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(8, GenerationStarted(ANNA, (1,), 1, at(8)))
    assert talk.effects == (WakeAt(at(38)),)
    talk = talk.happens(38, TimerFired())
    assert talk.effects == (GenerateReply(ANNA, (said(1, "hi"),), 2),)

    late = talk.happens(39, ReplyGenerated(ANNA, (1,), 1, Content(text="too late")))
    assert late.effects == ()


def test_waiting_for_a_free_responder_costs_an_attempt_no_time() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired()).happens(600, TimerFired())
    assert talk.effects == ()


def test_a_refused_reply_leaves_the_conversation_free() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(5, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(5, ReplyRefused(ANNA, (1,), "they had ended"))
    assert not talk.state.is_answering


def test_a_combined_reply_answers_the_whole_burst() -> None:
    burst = [said(1, "hi"), said(2, "there", 1)]
    talk = Talk(policy=ConversationPolicy(mode=ReplyMode.COMBINED)).receive(*burst)
    assert talk.happens(5, TimerFired()).effects == (GenerateReply(ANNA, tuple(burst), 1),)


def test_equal_texts_gathered_in_a_cooldown_are_one_group() -> None:
    first = said(1, "hi")
    burst = [said(2, "price?", 7), said(3, "size?", 8), said(4, "price?", 20)]
    talk = Talk().receive(first).answers(first, 5).receive(*burst).happens(35, TimerFired())

    assert talk.effects == (
        GenerateReply(ANNA, (burst[0], burst[2]), 1),
        GenerateReply(ANNA, (burst[1],), 1),
    )


def test_a_late_reply_to_fewer_messages_answers_none_that_it_was_not_made_of() -> None:
    burst = said(1, "hi"), said(2, "price?", 1)
    talk = Talk(policy=ConversationPolicy(mode=ReplyMode.COMBINED)).receive(*burst)
    talk.happens(5, TimerFired())
    assert talk.effects == (GenerateReply(ANNA, burst, 1),)

    # Asked for before the draft of the first message gave way to this one.
    late = talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    assert late.effects == ()
