"""Slow replies, and more of them than there are responders."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.generation import GenerationRequests
from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.operator_actions import ChangeConversation, EraseContact
from moca.core.messages.replies import GenerateReply
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey, ConversationStatus
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import FixedGenerator
from moca.replies.generator import GeneratedReply, NoReply, ReplyRequest
from tests.support.factory import ANNA, BEN, NOON, at, said
from tests.support.slow_generator import SlowGenerator, SlowSystem

PATIENT = ConversationPolicy(generation_timeout=timedelta(minutes=10))
RELOADS = ReplyDropped(ANNA, 0, "recalled", is_recalled=True)
FAST = replace(SenderPolicy(), per_second=100)


def person(number: int) -> ContactKey:
    return ContactKey(ANNA.account_id, f"p{number}")


class Greets:
    """Answers a greeting by rule, and nothing else."""

    needs_history = 0
    needs_name = False

    def reply(self, request: ReplyRequest) -> GeneratedReply | NoReply:
        is_greeting = request.inputs[0].text == "hello"
        return (
            GeneratedReply(Content(text="by rule")) if is_greeting else NoReply("no rule matches")
        )


@pytest.fixture
def open_slow_system(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., SlowSystem]]:
    systems = []

    def open_one(seconds: float, **options: Any) -> SlowSystem:
        system = SlowSystem(tmp_path, frozen, slow=SlowGenerator(seconds), **options)
        systems.append(system)
        return system

    yield open_one
    for system in systems:
        system.stop()


def crowd_writes(system: SlowSystem, count: int, text: str = "question") -> None:
    system.receive_events(
        *(
            InboundMessage(contact=person(number), mid=f"q{number}", text=text)
            for number in range(count)
        )
    )


def test_an_overload_is_worked_off_with_one_generation_for_each_contact(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    """Eight responders of 5 s make 96 a minute, so that the last waits for more than 5 minutes."""
    system = open_slow_system(5, conversation=PATIENT, sender=FAST)
    crowd_writes(system, 500)
    system.advance(5 + 500 / 96 * 60 + 30)
    assert len(system.slow.asked) == 500
    assert system.outcomes() == {"answered": 500}


def test_a_slow_model_leaves_the_pace_to_the_sender(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    """As many responders as 3/s with a timeout of 30 s require."""
    system = open_slow_system(8, responders=90)
    crowd_writes(system, 200)
    system.advance(120)
    at = system.reached_at()
    assert len(at) == 200
    assert (at[-1] - at[0]).total_seconds() <= 199 / 3 / 0.95


def test_rules_answer_at_once_while_every_responder_is_occupied(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    slow = SlowGenerator(300)
    chain = GeneratorChain(
        [
            ChainLink("rules", Greets(), is_quick=True),
            ChainLink("model", slow),
            ChainLink("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    system = open_slow_system(300, generator=chain, conversation=PATIENT, responders=2)
    slow.system = system
    crowd_writes(system, 20)
    system.advance(6)
    assert len(slow.asked) == 2

    system.receive("hello", BEN)
    system.advance(5)
    assert [(call.contact, call.text) for call in system.instagram.reached] == [(BEN, "by rule")]


def test_a_chain_without_a_model_occupies_no_responder(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    chain = GeneratorChain(
        [
            ChainLink("rules", Greets(), is_quick=True),
            ChainLink("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    system = open_slow_system(300, generator=chain)
    system.receive("question")
    system.advance(5)
    assert [call.text for call in system.instagram.reached] == ["fixed"]


@pytest.mark.parametrize("end", ["closed", "taken over", "erased"])
def test_what_nobody_waits_for_any_more_is_not_made(
    open_slow_system: Callable[..., SlowSystem], end: str
) -> None:
    system = open_slow_system(60, conversation=PATIENT, responders=1)
    system.receive("question", BEN)
    system.advance(6)
    system.receive("question", ANNA, "unwanted")
    system.advance(6)
    match end:
        case "closed":
            system.actors.tell(ChangeConversation(2, ConversationStatus.CLOSED, clock.now()))
        case "taken over":
            system.receive_echo("I am here", "by hand")
        case "erased":
            system.actors.tell(EraseContact(ANNA, NOON))
    system.advance(200)
    assert len(system.slow.asked) == 1


def test_a_conversation_that_is_loaded_again_waits_for_what_is_being_made(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    system = open_slow_system(60, conversation=PATIENT)
    system.receive("question", ANNA, "m1")
    system.advance(10)
    system.actors.tell(RELOADS)
    system.advance(60)
    assert system.slow.mids() == ["m1"]
    assert system.outcome("m1")[0] == "answered"


def test_a_conversation_that_is_loaded_again_keeps_its_place(
    open_slow_system: Callable[..., SlowSystem],
) -> None:
    system = open_slow_system(60, conversation=PATIENT, responders=1)
    for number, contact in enumerate((BEN, ANNA, person(1)), start=1):
        system.receive("question", contact, f"m{number}")
    system.advance(10)
    system.actors.tell(RELOADS)
    system.advance(240)
    assert system.slow.mids() == ["m1", "m2", "m3"]


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

    assert taken is not None
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
