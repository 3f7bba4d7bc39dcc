"""A message that is edited before its reply is answered as edited."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import Throttled
from moca.core.policy import SenderPolicy
from moca.replies.generator import ReplyRequest
from moca.storage.db.tables import Event, Message
from tests.actors.scenarios import CONSENT, POLICY
from tests.support.events import control, edited, hinted
from tests.support.factory import ANNA, at
from tests.support.system import SteppedSystem


class Parrot:
    """Replies with the question."""

    needs_history = 0

    def reply(self, request: ReplyRequest) -> Content:
        return Content(text="you said " + " and ".join(each.text for each in request.inputs))


@pytest.fixture
def parrots(open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    return open_system(generator=Parrot())


def said(system: SteppedSystem) -> list[str]:
    return [call.text for call in system.instagram.reached]


def test_a_message_that_waits_is_answered_as_edited(parrots: SteppedSystem) -> None:
    mid = parrots.receive("coffee")
    parrots.advance(1)
    parrots.receive_events(edited(mid, "tea"))
    parrots.advance(60)

    assert said(parrots) == ["you said tea"]
    assert parrots.journey(mid).message.text == "tea"
    assert "edited" in [step.outcome for step in parrots.journey(mid).steps]


def test_an_edit_after_the_reply_is_only_recorded(parrots: SteppedSystem) -> None:
    mid = parrots.receive("coffee")
    parrots.advance(10)
    parrots.receive_events(edited(mid, "tea"))
    parrots.advance(60)

    assert said(parrots) == ["you said coffee"]
    assert parrots.journey(mid).message.text == "coffee"
    assert parrots.journey(mid).steps[-1].detail == "edit 1 was recorded only"


def test_an_edit_before_the_reply_goes_has_it_made_anew(parrots: SteppedSystem) -> None:
    parrots.receive("milk")
    parrots.advance(10)
    parrots.instagram.next_results.append(Throttled("slow down", timedelta(seconds=60)))
    mid = parrots.receive("coffee")
    parrots.advance(35)
    parrots.receive_events(edited(mid, "tea"))
    parrots.advance(120)

    assert said(parrots) == ["you said milk", "you said tea"]
    assert parrots.outcome(mid)[0] == "answered"
    assert parrots.journey(mid).message.text == "tea"


def test_two_edits_while_the_reply_waits_end_with_the_last(parrots: SteppedSystem) -> None:
    parrots.instagram.next_results.append(Throttled("slow down", timedelta(seconds=60)))
    mid = parrots.receive("coffee")
    parrots.advance(10)
    parrots.receive_events(edited(mid, "tea"))
    parrots.advance(10)
    parrots.receive_events(edited(mid, "milk", 2))
    parrots.advance(120)
    assert said(parrots) == ["you said milk"]


def test_a_message_edited_into_an_opt_out_while_its_reply_waits_opts_out(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(generator=Parrot(), conversation=POLICY, consent=CONSENT)
    system.instagram.next_results.append(Throttled("slow down", timedelta(seconds=60)))
    mid = system.receive("coffee")
    system.advance(10)
    system.receive_events(edited(mid, "stop"))
    system.advance(120)
    assert said(system) == ["You are out."]


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_the_last_edit_counts_in_whatever_order_they_come(
    parrots: SteppedSystem, numbers: tuple[int, int]
) -> None:
    mid = parrots.receive("coffee")
    for number in numbers:
        parrots.receive_events(edited(mid, f"tea {number}", number))
    parrots.advance(60)
    assert said(parrots) == ["you said tea 2"]


def test_an_edit_before_its_message_stands_for_it(parrots: SteppedSystem) -> None:
    parrots.receive_events(edited("m1", "tea"))
    parrots.receive("coffee", mid="m1")
    parrots.advance(60)

    assert said(parrots) == ["you said tea"]
    assert parrots.rows(Message.select(Message.redeliveries).where(Message.mid == "m1")) == [(1,)]


def test_an_edit_survives_a_restart(parrots: SteppedSystem) -> None:
    mid = parrots.receive("coffee")
    parrots.receive_events(edited(mid, "tea"))
    parrots.crash()
    parrots.start()
    parrots.advance(60)
    assert said(parrots) == ["you said tea"]


def test_an_edit_of_what_an_earlier_run_answered_waits_for_no_sweep(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(generator=Parrot(), sender=SenderPolicy(sweep=timedelta(hours=1)))
    system.instagram.next_results.append(Throttled("slow down", timedelta(seconds=60)))
    mid = system.receive("coffee")
    system.advance(50)
    system.crash()
    system.start()
    system.receive_events(edited(mid, "tea"))
    system.advance(60)
    assert said(system) == ["you said tea"]


def test_a_hint_whose_message_comes_fetches_nothing(parrots: SteppedSystem) -> None:
    parrots.receive_events(hinted("m1"))
    parrots.receive("coffee", mid="m1")
    parrots.advance(600)
    assert parrots.instagram.fetched == []
    assert said(parrots) == ["you said coffee"]


def test_a_hint_whose_message_never_comes_has_it_fetched_and_answered(
    parrots: SteppedSystem,
) -> None:
    parrots.instagram.readable["m1"] = InboundMessage(
        contact=ANNA, mid="m1", text="coffee", sent_at=at(-1)
    )
    parrots.receive_events(hinted("m1"))
    parrots.advance(60)

    assert parrots.instagram.fetched == ["m1"]
    assert said(parrots) == ["you said coffee"]
    first = parrots.journey("m1").steps[0]
    assert (first.stage, first.outcome) == ("reception", "fetched")


def test_a_fetched_message_takes_no_thread_back_from_another_app(parrots: SteppedSystem) -> None:
    parrots.receive_events(control(ours=False))
    parrots.instagram.readable["m1"] = InboundMessage(
        contact=ANNA, mid="m1", text="coffee", sent_at=at(5)
    )
    parrots.advance(6)
    parrots.receive_events(hinted("m1"))
    parrots.advance(60)
    assert parrots.outcome("m1") == ("suppressed", "another app controls the thread")
    assert said(parrots) == []


def test_a_message_fetched_that_comes_after_all_is_not_answered_twice(
    parrots: SteppedSystem,
) -> None:
    parrots.instagram.readable["m1"] = InboundMessage(contact=ANNA, mid="m1", text="coffee")
    parrots.receive_events(hinted("m1"))
    parrots.advance(60)
    parrots.receive("coffee", mid="m1")
    parrots.advance(600)
    assert said(parrots) == ["you said coffee"]


def test_a_message_that_cannot_be_fetched_is_asked_for_three_times(parrots: SteppedSystem) -> None:
    parrots.receive_events(hinted("m1"))
    parrots.advance(3600)

    assert parrots.instagram.fetched == ["m1"] * 3
    columns = (Event.fetches, Event.look_at, Event.because)
    assert parrots.rows(Event.select(*columns)) == [(3, None, "no such message")]


def test_a_hint_survives_a_restart(parrots: SteppedSystem) -> None:
    parrots.receive_events(hinted("m1"))
    parrots.crash()
    parrots.start()
    parrots.instagram.readable["m1"] = InboundMessage(contact=ANNA, mid="m1", text="coffee")
    parrots.advance(60)
    assert said(parrots) == ["you said coffee"]


def test_a_hint_at_what_a_person_wrote_in_the_app_hands_over(parrots: SteppedSystem) -> None:
    mid = parrots.receive("hi")
    parrots.instagram.readable["h1"] = Echo(contact=ANNA, mid="h1", text="it is me")
    parrots.receive_events(hinted("h1"))
    parrots.advance(60)
    assert parrots.journey("h1").message.author == "human"
    assert parrots.outcome(mid)[0] == "answered"
    later = parrots.receive("great")
    parrots.advance(600)
    assert parrots.outcome(later)[0] == "suppressed"


def test_many_hints_are_fetched_one_a_second(parrots: SteppedSystem) -> None:
    parrots.receive_events(*(hinted(f"x{number}") for number in range(40)))
    parrots.advance(20)
    assert len(parrots.instagram.fetched) <= 10
    parrots.advance(60)
    assert len(set(parrots.instagram.fetched)) == 40


def test_a_repeat_that_is_edited_into_something_new_is_answered(parrots: SteppedSystem) -> None:
    parrots.receive("coffee")
    repeat = parrots.receive("coffee")
    parrots.receive_events(edited(repeat, "tea"))
    parrots.advance(60)
    assert said(parrots) == ["you said coffee", "you said tea"]
    assert parrots.outcome(repeat)[0] == "answered"
