"""When the process dies, nothing is lost and nothing is sent twice."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import peewee
import pytest
from freezegun.api import FrozenDateTimeFactory

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Command
from moca.core.messages.replies import QueueReply
from moca.core.outbox.delivery import Throttled, Unconfirmed, Undelivered
from moca.core.policy import SenderPolicy
from moca.core.types import Author
from moca.storage.writer import Writer
from tests.actors.crashing_system import Mortal
from tests.support.factory import ANNA, NOON, at
from tests.support.system import SteppedSystem
from tests.support.values import present


def test_a_crash_between_any_two_steps_costs_no_answer_and_brings_no_second(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> None:
    for dies_after in itertools.count(1):
        path = tmp_path / str(dies_after)
        path.mkdir()
        frozen.move_to(NOON)
        system = SteppedSystem(path, frozen)
        mortal = Mortal(system, dies_after)
        message = InboundMessage(contact=ANNA, mid="m1", text="hi", sent_at=at(0))
        receipt = system.post(message)
        mortal.lives_until(1)
        if not receipt.done():
            system.receive_events(message)
        mortal.lives_until(120)

        told = (dies_after, len(system.instagram.reached), system.outcome("m1")[0])
        assert told == (dies_after, 1, "answered")
        system.stop()
        if mortal.steps < dies_after:
            break
    assert dies_after > 20


def test_a_crash_before_the_answer_to_the_webhook_leaves_nothing_half_done(
    system: SteppedSystem,
) -> None:
    message = InboundMessage(contact=ANNA, mid="m1", text="hi", sent_at=at(0))
    system.post(message)
    system.dispatcher.step()
    system.crash()
    system.start()
    system.receive_events(message)
    system.advance(60)
    assert len(system.instagram.reached) == 1


def test_a_restart_respects_the_cooldown_and_the_pace_of_the_last_run(
    system: SteppedSystem,
) -> None:
    system.receive("hi")
    system.advance(6)
    system.crash()
    system.start()
    system.receive("and my order?")
    system.advance(120)
    assert system.instagram.times() == [0, 30]


def test_a_restart_does_not_forget_that_the_account_must_wait(system: SteppedSystem) -> None:
    system.instagram.next_results.append(Throttled("613", timedelta(minutes=5)))
    first, second = system.receive("hi"), system.receive("where is my order?")
    system.advance(10)
    system.crash()
    system.start()
    system.advance(290)
    assert system.instagram.reached == []
    system.advance(60)
    assert [system.outcome(mid)[1] for mid in (first, second)] == [
        "answered by ig-1",
        "answered by ig-2",
    ]


def test_while_a_reply_is_sent_again_its_conversation_gathers(system: SteppedSystem) -> None:
    system.instagram.next_results.append(Unconfirmed("connection lost"))
    system.receive("hi")
    system.advance(10)
    system.receive("and my order?")
    system.instagram.next_results.extend([Undelivered("refused")] * 3)
    system.advance(120)
    assert system.instagram.times() == [0, 30]


def test_a_full_memory_lets_no_reply_overtake_those_on_disk(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(sender=SenderPolicy(capacity=2))
    mids = [system.receive(f"question {number}") for number in range(6)]
    system.advance(120)
    assert [system.outcome(mid)[1] for mid in mids] == [
        f"answered by ig-{number}" for number in range(1, 7)
    ]


def test_a_claim_that_was_asked_twice_brings_one_call(
    system: SteppedSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.receive("hi")
    system.advance(6)
    for text in ("one", "two"):
        system.actors.tell(QueueReply(1, (), Content(text=text), at=at(6), author=Author.OPERATOR))
    system.advance(1)
    apply = Writer.apply
    monkeypatch.setattr(Writer, "apply", _disk_is_full)
    system.advance(40)
    monkeypatch.setattr(Writer, "apply", apply)
    system.advance(60)
    first, second, third = system.instagram.times()
    assert third - second >= 7
    assert second - first >= 7


def _disk_is_full(_writer: Writer, _commands: list[Command]) -> NoReturn:
    raise peewee.OperationalError("database or disk is full")


def test_a_lost_answer_is_settled_by_instagram_s_record(system: SteppedSystem) -> None:
    system.instagram.lost_answers = 1
    mid = system.receive("hi")
    system.advance(6)
    assert present(system.journey(mid).reply).status == "unknown"
    system.advance(60)
    assert len(system.instagram.reached) == 1
    assert system.outcome(mid) == ("answered", "answered by ig-1")


def test_a_lost_answer_is_settled_by_the_echo(system: SteppedSystem) -> None:
    system.instagram.lost_answers = 1
    mid = system.receive("hi")
    system.advance(6)
    system.receive_echo("This would be an AI generated message", "ig-1")
    assert system.outcome(mid) == ("answered", "answered by ig-1")
    system.advance(600)
    assert len(system.instagram.reached) == 1


def test_what_did_not_arrive_is_sent_again_after_the_record_was_read_twice(
    system: SteppedSystem,
) -> None:
    system.instagram.next_results.append(Unconfirmed("connection lost"))
    mid = system.receive("hi")
    system.advance(24)
    assert system.instagram.reached == []
    system.advance(60)
    assert len(system.instagram.reached) == 1
    assert system.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("replies", [1, 2])
def test_equal_replies_to_one_person_are_told_apart(system: SteppedSystem, replies: int) -> None:
    system.receive("hi")
    system.advance(60)
    system.instagram.lost_answers = replies
    mid = system.receive("hi once more")
    system.advance(600)
    assert len(system.instagram.reached) == 2
    assert system.outcome(mid) == ("answered", "answered by ig-2")
