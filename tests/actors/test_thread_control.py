"""A thread that another app holds is not ours to answer until it comes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moca import clock
from moca.core.inbound.events import InboundMessage
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.receipt import Done
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Conversation
from tests.support.events import control, hinted
from tests.support.factory import ANNA

ELSEWHERE = "another app holds the thread"


def status(house) -> str:
    ((told,),) = house.rows(Conversation.select(Conversation.status))
    return told


def in_standby(mid: str, text: str = "hi") -> InboundMessage:
    because = "another app holds this thread"
    return InboundMessage(
        contact=ANNA,
        mid=mid,
        text=text,
        sent_at=clock.now(),
        unanswerable=because,
        is_standby=True,
    )


def test_what_waits_when_another_app_takes_the_thread_is_not_answered(house) -> None:
    mid = house.hears("hi")
    house.passes(1)
    house.receives(control(ours=False))
    house.passes(60)

    assert house.outcome(mid) == ("suppressed", ELSEWHERE)
    assert (status(house), house.instagram.reached) == ("standby", [])


def test_a_pending_reply_does_not_go_out_into_anothers_thread(house) -> None:
    house.hears("hi")
    later = house.hears("and you?")
    house.passes(5.1)
    house.receives(control(ours=False))
    house.passes(60)
    assert house.outcome(later) == ("suppressed", ELSEWHERE)
    assert len(house.instagram.reached) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_thread_that_is_passed_to_us_is_answered_again(house, restarts) -> None:
    house.hears("hi")
    house.receives(control(ours=False))
    if restarts:
        house.crash()
        house.start()
    house.passes(60)
    house.receives(control(ours=True))
    mid = house.hears("hello?")
    house.passes(60)
    assert (status(house), house.outcome(mid)[0]) == ("open", "answered")


def test_a_message_written_before_the_thread_was_taken_is_not_answered_late(house) -> None:
    house.hears("hi")
    house.passes(10)
    house.receives(control(ours=False))
    written = clock.now() - timedelta(seconds=1)
    house.receives(InboundMessage(contact=ANNA, mid="late", text="late", sent_at=written))
    house.passes(60)
    assert house.outcome("late") == ("suppressed", ELSEWHERE)


def test_standby_holds_the_conversation_and_the_next_message_to_us_frees_it(house) -> None:
    house.receives(in_standby("s1"))
    house.passes(30)
    assert status(house) == "standby"
    assert house.outcome("s1") == ("suppressed", "another app holds this thread")

    mid = house.hears("are you there?")
    house.passes(60)
    assert (status(house), house.outcome(mid)[0]) == ("open", "answered")
    assert ("state", "resumed") in [(s.stage, s.outcome) for s in house.journey(mid).steps]


def test_a_thread_left_alone_for_a_day_is_ours_again(house) -> None:
    house.hears("hi")
    house.receives(control(ours=False))
    house.passes(24 * 3600)
    mid = house.hears("good morning")
    house.passes(60)
    assert house.outcome(mid)[0] == "answered"


def test_an_operator_may_take_the_thread_back(house) -> None:
    mid = house.hears("hi")
    house.receives(control(ours=False))
    conversation_id = house.journey(mid).message.conversation_id
    house.system.tell(ChangeConversation(conversation_id, ConversationStatus.OPEN, clock.now()))
    house.settle()
    later = house.hears("hi again")
    house.passes(60)
    assert house.outcome(later)[0] == "answered"


def test_a_persons_hold_outlives_anothers_turn(house) -> None:
    house.hears("hi")
    house.hears_echo("I am here", "theirs")
    house.receives(control(ours=False))
    house.receives(control(ours=True))
    assert status(house) == "human"


@pytest.mark.parametrize("comes_back_by", ["control", "message"])
def test_what_was_found_during_anothers_turn_is_the_persons_whose_hold_goes_on(
    house, comes_back_by
) -> None:
    house.hears("hi")
    house.hears_echo("I am here", "theirs")
    house.receives(control(ours=False))
    written = InboundMessage(contact=ANNA, mid="m9", text="hello?", sent_at=clock.now())
    house.instagram.readable["m9"] = written
    house.receives(hinted("m9"))
    house.passes(16)
    assert house.outcome("m9") == (None, "")

    if comes_back_by == "control":
        house.receives(control(ours=True))
    else:
        house.hears("are you there?")
    assert house.outcome("m9") == ("suppressed", "a teammate has taken over")


def pause(house, mid: str, span: timedelta | None) -> None:
    conversation_id = house.journey(mid).message.conversation_id
    now = clock.now()
    until = None if span is None else now + span
    house.system.tell(ChangeConversation(conversation_id, ConversationStatus.PAUSED, now, until))
    house.settle()


def test_anothers_turn_outlives_a_pause(house) -> None:
    pause(house, house.hears("hi"), timedelta(minutes=10))
    house.receives(control(ours=False))
    house.passes(11 * 60)
    written = InboundMessage(contact=ANNA, mid="m9", text="hello?", sent_at=clock.now())
    house.instagram.readable["m9"] = written
    house.receives(hinted("m9"))
    house.passes(60)
    assert house.outcome("m9") == ("suppressed", ELSEWHERE)

    house.receives(control(ours=True))
    assert status(house) == "open"


@pytest.mark.parametrize("span", [None, timedelta(hours=1), timedelta(hours=36)])
def test_a_pause_outlives_anothers_turn(house, span) -> None:
    pause(house, house.hears("hi"), span)
    house.receives(control(ours=False))
    house.receives(in_standby("s1"))
    house.hears_echo("said the other app", "theirs")
    house.receives(control(ours=True))
    mid = house.hears("hello?")
    house.passes(60)
    assert (house.outcome(mid)[0], house.instagram.reached) == ("suppressed", [])


def test_what_the_other_app_writes_leaves_the_thread_with_it(house) -> None:
    house.hears("hi")
    house.receives(control(ours=False))
    house.hears_echo("said the other app", "theirs")
    assert status(house) == "standby"
    house.receives(control(ours=True))
    assert status(house) == "open"


def test_a_thread_of_nobody_known_is_held_from_its_first_message_on(house) -> None:
    assert house.receives(control(ours=False)) == Done()
    message = replace(in_standby("s1"), unanswerable="another app holds this thread")
    house.receives(message)
    house.passes(60)
    assert (status(house), house.instagram.reached) == ("standby", [])
