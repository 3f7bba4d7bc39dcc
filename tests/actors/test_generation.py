"""Replies that take their time to make, and more of them than there are responders."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actors.generation import GenerationRequests
from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.operator_actions import ChangeConversation, EraseContact
from moca.core.messages.replies import GenerateReply
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey, ConversationStatus
from moca.replies.chain import Chain, Link
from moca.replies.fixed import FixedGenerator
from moca.replies.generator import NoReply, Say
from tests.support.factory import ANNA, BEN, at, said
from tests.support.slow_generator import SlowGenerator, SlowHouse

PATIENT = ConversationPolicy(generation_timeout=timedelta(minutes=10))
RELOADS = ReplyDropped(ANNA, 0, "recalled", is_recalled=True)
FAST = replace(SenderPolicy(), per_second=100)


def person(number: int) -> ContactKey:
    return ContactKey(ANNA.account_id, f"p{number}")


class Greets:
    """Answers a greeting by rule, and nothing else."""

    needs_history = 0
    needs_name = False

    def reply(self, request):
        is_greeting = request.inputs[0].text == "hello"
        return Say(Content(text="by rule")) if is_greeting else NoReply("no rule fits")


@pytest.fixture
def open_slow_house(tmp_path, frozen):
    houses = []

    def open_one(seconds: float, **options) -> SlowHouse:
        house = SlowHouse(tmp_path, frozen, slow=SlowGenerator(seconds), **options)
        houses.append(house)
        return house

    yield open_one
    for house in houses:
        house.stop()


def crowd_writes(house, count: int, text: str = "question") -> None:
    house.receives(
        *(
            InboundMessage(contact=person(number), mid=f"q{number}", text=text)
            for number in range(count)
        )
    )


def test_an_overload_is_worked_off_with_one_generation_for_each_contact(open_slow_house):
    """Eight responders of 5 s make 96 a minute, so that the last waits for more than 5 minutes."""
    house = open_slow_house(5, conversation=PATIENT, sender=FAST)
    crowd_writes(house, 500)
    house.passes(5 + 500 / 96 * 60 + 30)
    assert len(house.slow.asked) == 500
    assert house.outcomes() == {"answered": 500}


def test_a_slow_model_leaves_the_pace_to_the_sender(open_slow_house):
    """As many responders as 3/s with a time limit of 30 s ask for."""
    house = open_slow_house(8, responders=90)
    crowd_writes(house, 200)
    house.passes(120)
    at = house.reached_at()
    assert len(at) == 200
    assert (at[-1] - at[0]).total_seconds() <= 199 / 3 / 0.95


def test_rules_answer_at_once_while_every_responder_is_occupied(open_slow_house):
    slow = SlowGenerator(300)
    chain = Chain(
        [
            Link("rules", Greets(), is_quick=True),
            Link("model", slow),
            Link("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    house = open_slow_house(300, generator=chain, conversation=PATIENT, responders=2)
    slow.house = house
    crowd_writes(house, 20)
    house.passes(6)
    assert len(slow.asked) == 2

    house.hears("hello", BEN)
    house.passes(5)
    assert [(call.contact, call.text) for call in house.instagram.reached] == [(BEN, "by rule")]


def test_a_chain_without_a_model_occupies_no_responder(open_slow_house):
    chain = Chain(
        [
            Link("rules", Greets(), is_quick=True),
            Link("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    house = open_slow_house(300, generator=chain)
    house.hears("question")
    house.passes(5)
    assert [call.text for call in house.instagram.reached] == ["fixed"]


@pytest.mark.parametrize("end", ["closed", "taken over", "erased"])
def test_what_nobody_waits_for_any_more_is_not_made(open_slow_house, end):
    house = open_slow_house(60, conversation=PATIENT, responders=1)
    house.hears("question", BEN)
    house.passes(6)
    house.hears("question", ANNA, "unwanted")
    house.passes(6)
    match end:
        case "closed":
            house.system.tell(ChangeConversation(2, ConversationStatus.CLOSED, clock.now()))
        case "taken over":
            house.hears_echo("I am here", "by hand")
        case "erased":
            house.system.tell(EraseContact(ANNA))
    house.passes(200)
    assert len(house.slow.asked) == 1


def test_a_conversation_that_is_loaded_again_waits_for_what_is_being_made(open_slow_house):
    house = open_slow_house(60, conversation=PATIENT)
    house.hears("question", ANNA, "m1")
    house.passes(10)
    house.system.tell(RELOADS)
    house.passes(60)
    assert house.slow.mids() == ["m1"]
    assert house.outcome("m1")[0] == "answered"


def test_a_conversation_that_is_loaded_again_keeps_its_place(open_slow_house):
    house = open_slow_house(60, conversation=PATIENT, responders=1)
    for number, contact in enumerate((BEN, ANNA, person(1)), start=1):
        house.hears("question", contact, f"m{number}")
    house.passes(10)
    house.system.tell(RELOADS)
    house.passes(240)
    assert house.slow.mids() == ["m1", "m2", "m3"]


FIRST = GenerateReply(ANNA, (said(1, "hi"),), 1)
AGAIN = replace(FIRST, attempt=2)


def test_what_is_asked_for_again_takes_the_place_of_what_waits() -> None:
    requests = GenerationRequests()
    assert [requests.add(FIRST), requests.add(AGAIN)] == [True, False]
    assert requests.add(GenerateReply(BEN, (said(1, "hi"),), 1)) is True
    assert len(requests) == 2
    assert requests.take(FIRST, at(0)) == AGAIN
    assert requests.take(FIRST, at(0)) is None


def test_what_is_withdrawn_is_not_taken_up() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    requests.withdraw(ANNA, 1)
    assert (requests.waiting(FIRST), requests.take(FIRST, at(0)), len(requests)) == (None, None, 0)


def test_only_the_very_request_under_way_is_known_to_be() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    taken = requests.take(FIRST, at(3))
    assert (requests.started_at(FIRST), requests.started_at(AGAIN)) == (at(3), None)
    assert requests.started_at(replace(FIRST, inputs=(said(1, "edited"),))) is None

    requests.end(taken)
    assert requests.started_at(FIRST) is None


def test_an_answer_is_wanted_only_while_its_request_waits() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    requests.add(AGAIN)
    assert [requests.finish(FIRST), requests.finish(AGAIN), requests.finish(AGAIN)] == [
        False,
        True,
        False,
    ]
