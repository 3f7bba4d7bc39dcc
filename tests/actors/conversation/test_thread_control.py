"""Moca does not answer in a thread that another app holds, until it comes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moca import clock
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Done
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Conversation
from tests.actors.scenarios import leap
from tests.support.events import control, hinted
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem

ELSEWHERE = "another app controls the thread"


def status(system: SteppedSystem) -> str:
    ((told,),) = system.rows(Conversation.select(Conversation.status))
    found: str = told
    return found


def in_standby(mid: str, text: str = "hi") -> InboundMessage:
    because = "another app controls this thread"
    return InboundMessage(
        contact=ANNA,
        mid=mid,
        text=text,
        sent_at=clock.now(),
        unanswerable=because,
        is_standby=True,
    )


def test_what_waits_when_another_app_takes_the_thread_is_not_answered(
    system: SteppedSystem,
) -> None:
    mid = system.receive("hi")
    system.advance(1)
    system.receive_events(control(ours=False))
    system.advance(60)

    assert system.outcome(mid) == ("suppressed", ELSEWHERE)
    assert (status(system), system.instagram.reached) == ("standby", [])


def test_a_pending_reply_does_not_go_out_into_anothers_thread(system: SteppedSystem) -> None:
    system.receive("hi")
    later = system.receive("and you?")
    system.advance(5.1)
    system.receive_events(control(ours=False))
    system.advance(60)
    assert system.outcome(later) == ("suppressed", ELSEWHERE)
    assert len(system.instagram.reached) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_thread_that_is_passed_to_us_is_answered_again(
    system: SteppedSystem, restarts: bool
) -> None:
    system.receive("hi")
    system.receive_events(control(ours=False))
    if restarts:
        system.crash()
        system.start()
    system.advance(60)
    system.receive_events(control(ours=True))
    mid = system.receive("hello?")
    system.advance(60)
    assert (status(system), system.outcome(mid)[0]) == ("open", "answered")


def test_a_message_written_before_the_thread_was_taken_is_not_answered_late(
    system: SteppedSystem,
) -> None:
    system.receive("hi")
    system.advance(10)
    system.receive_events(control(ours=False))
    written = clock.now() - timedelta(seconds=1)
    system.receive_events(InboundMessage(contact=ANNA, mid="late", text="late", sent_at=written))
    system.advance(60)
    assert system.outcome("late") == ("suppressed", ELSEWHERE)


def test_standby_holds_the_conversation_and_the_next_message_to_us_frees_it(
    system: SteppedSystem,
) -> None:
    system.receive_events(in_standby("s1"))
    system.advance(30)
    assert status(system) == "standby"
    assert system.outcome("s1") == ("suppressed", "another app controls this thread")

    mid = system.receive("are you there?")
    system.advance(60)
    assert (status(system), system.outcome(mid)[0]) == ("open", "answered")
    assert ("state", "resumed") in [(s.stage, s.outcome) for s in system.journey(mid).steps]


def test_a_thread_left_alone_for_a_day_is_ours_again(system: SteppedSystem) -> None:
    system.receive("hi")
    system.receive_events(control(ours=False))
    leap(system, 24)
    mid = system.receive("good morning")
    system.advance(60)
    assert system.outcome(mid)[0] == "answered"


def test_an_operator_may_take_the_thread_back(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.receive_events(control(ours=False))
    conversation_id = system.journey(mid).message.conversation_id
    system.actors.tell(ChangeConversation(conversation_id, ConversationStatus.OPEN, clock.now()))
    system.settle()
    later = system.receive("hi again")
    system.advance(60)
    assert system.outcome(later)[0] == "answered"


def test_a_persons_hold_outlives_anothers_turn(system: SteppedSystem) -> None:
    system.receive("hi")
    system.receive_echo("I am here", "theirs")
    system.receive_events(control(ours=False))
    system.receive_events(control(ours=True))
    assert status(system) == "human"


@pytest.mark.parametrize("comes_back_by", ["control", "message"])
def test_what_was_found_during_anothers_turn_is_the_persons_whose_hold_goes_on(
    system: SteppedSystem, comes_back_by: str
) -> None:
    system.receive("hi")
    system.receive_echo("I am here", "theirs")
    system.receive_events(control(ours=False))
    written = InboundMessage(contact=ANNA, mid="m9", text="hello?", sent_at=clock.now())
    system.instagram.readable["m9"] = written
    system.receive_events(hinted("m9"))
    system.advance(16)
    assert system.outcome("m9") == (None, "")

    if comes_back_by == "control":
        system.receive_events(control(ours=True))
    else:
        system.receive("are you there?")
    assert system.outcome("m9") == ("suppressed", "a teammate has taken over")


def pause(system: SteppedSystem, mid: str, span: timedelta | None) -> None:
    conversation_id = system.journey(mid).message.conversation_id
    now = clock.now()
    until = None if span is None else now + span
    system.actors.tell(ChangeConversation(conversation_id, ConversationStatus.PAUSED, now, until))
    system.settle()


def test_anothers_turn_outlives_a_pause(system: SteppedSystem) -> None:
    pause(system, system.receive("hi"), timedelta(minutes=10))
    system.receive_events(control(ours=False))
    system.advance(11 * 60)
    written = InboundMessage(contact=ANNA, mid="m9", text="hello?", sent_at=clock.now())
    system.instagram.readable["m9"] = written
    system.receive_events(hinted("m9"))
    system.advance(60)
    assert system.outcome("m9") == ("suppressed", ELSEWHERE)

    system.receive_events(control(ours=True))
    assert status(system) == "open"


@pytest.mark.parametrize("span", [None, timedelta(hours=1), timedelta(hours=36)])
def test_a_pause_outlives_anothers_turn(system: SteppedSystem, span: timedelta | None) -> None:
    pause(system, system.receive("hi"), span)
    system.receive_events(control(ours=False))
    system.receive_events(in_standby("s1"))
    system.receive_echo("said the other app", "theirs")
    system.receive_events(control(ours=True))
    mid = system.receive("hello?")
    system.advance(60)
    assert (system.outcome(mid)[0], system.instagram.reached) == ("suppressed", [])


def test_what_the_other_app_writes_leaves_the_thread_with_it(system: SteppedSystem) -> None:
    system.receive("hi")
    system.receive_events(control(ours=False))
    system.receive_echo("said the other app", "theirs")
    assert status(system) == "standby"
    system.receive_events(control(ours=True))
    assert status(system) == "open"


def test_a_thread_of_nobody_known_is_held_from_its_first_message_on(system: SteppedSystem) -> None:
    assert system.receive_events(control(ours=False)) == Done()
    message = replace(in_standby("s1"), unanswerable="another app controls this thread")
    system.receive_events(message)
    system.advance(60)
    assert (status(system), system.instagram.reached) == ("standby", [])
