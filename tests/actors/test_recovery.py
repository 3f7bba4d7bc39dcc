"""What is lost when the process dies: nothing. What is said twice: nothing."""

import itertools
from datetime import timedelta

import peewee
import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.replies import QueueReply
from moca.core.outbox.delivery import Throttled, Unconfirmed, Undelivered
from moca.core.policy import SenderPolicy
from moca.core.types import Author
from moca.storage.writer import Writer
from tests.actors.crashing_system import Mortal
from tests.support.factory import ANNA, NOON, at
from tests.support.system import House


def test_a_crash_between_any_two_steps_costs_no_answer_and_brings_no_second(
    tmp_path, frozen
) -> None:
    for dies_after in itertools.count(1):
        path = tmp_path / str(dies_after)
        path.mkdir()
        frozen.move_to(NOON)
        house = House(path, frozen)
        mortal = Mortal(house, dies_after)
        message = InboundMessage(contact=ANNA, mid="m1", text="hi", sent_at=at(0))
        receipt = house.posts(message)
        mortal.lives_until(1)
        if not receipt.done():
            house.receives(message)
        mortal.lives_until(120)

        told = (dies_after, len(house.instagram.reached), house.outcome("m1")[0])
        assert told == (dies_after, 1, "answered")
        house.stop()
        if mortal.steps < dies_after:
            break
    assert dies_after > 20


def test_a_crash_before_the_answer_to_the_webhook_leaves_nothing_half_done(house) -> None:
    message = InboundMessage(contact=ANNA, mid="m1", text="hi", sent_at=at(0))
    house.posts(message)
    house.dispatcher.step()
    house.crash()
    house.start()
    house.receives(message)
    house.passes(60)
    assert len(house.instagram.reached) == 1


def test_a_restart_respects_the_cooldown_and_the_pace_of_the_last_run(house) -> None:
    house.hears("hi")
    house.passes(6)
    house.crash()
    house.start()
    house.hears("and my order?")
    house.passes(120)
    assert house.instagram.times() == [0, 30]


def test_a_restart_does_not_forget_that_the_account_must_wait(house) -> None:
    house.instagram.next_results.append(Throttled("613", timedelta(minutes=5)))
    first, second = house.hears("hi"), house.hears("where is my order?")
    house.passes(10)
    house.crash()
    house.start()
    house.passes(290)
    assert house.instagram.reached == []
    house.passes(60)
    assert [house.outcome(mid)[1] for mid in (first, second)] == [
        "answered by ig-1",
        "answered by ig-2",
    ]


def test_while_a_reply_is_sent_again_its_conversation_gathers(house) -> None:
    house.instagram.next_results.append(Unconfirmed("connection lost"))
    house.hears("hi")
    house.passes(10)
    house.hears("and my order?")
    house.instagram.next_results.extend([Undelivered("refused")] * 3)
    house.passes(120)
    assert house.instagram.times() == [0, 30]


def test_a_full_memory_lets_no_reply_overtake_those_on_disk(open_house) -> None:
    house = open_house(sender=SenderPolicy(capacity=2))
    mids = [house.hears(f"question {number}") for number in range(6)]
    house.passes(120)
    assert [house.outcome(mid)[1] for mid in mids] == [
        f"answered by ig-{number}" for number in range(1, 7)
    ]


def test_a_claim_that_was_asked_twice_brings_one_call(house, monkeypatch) -> None:
    house.hears("hi")
    house.passes(6)
    for text in ("one", "two"):
        house.system.tell(QueueReply(1, (), Content(text=text), at=at(6), author=Author.OPERATOR))
    house.passes(1)
    apply = Writer.apply
    monkeypatch.setattr(Writer, "apply", _disk_is_full)
    house.passes(40)
    monkeypatch.setattr(Writer, "apply", apply)
    house.passes(60)
    first, second, third = house.instagram.times()
    assert third - second >= 7
    assert second - first >= 7


def _disk_is_full(_writer, _commands):
    raise peewee.OperationalError("database or disk is full")


def test_a_lost_answer_is_settled_by_instagram_s_record(house) -> None:
    house.instagram.lost_answers = 1
    mid = house.hears("hi")
    house.passes(6)
    assert house.journey(mid).reply.status == "unknown"
    house.passes(60)
    assert len(house.instagram.reached) == 1
    assert house.outcome(mid) == ("answered", "answered by ig-1")


def test_a_lost_answer_is_settled_by_the_echo(house) -> None:
    house.instagram.lost_answers = 1
    mid = house.hears("hi")
    house.passes(6)
    house.hears_echo("This would be an AI generated message", "ig-1")
    assert house.outcome(mid) == ("answered", "answered by ig-1")
    house.passes(600)
    assert len(house.instagram.reached) == 1


def test_what_did_not_arrive_is_sent_again_after_the_record_was_read_twice(house) -> None:
    house.instagram.next_results.append(Unconfirmed("connection lost"))
    mid = house.hears("hi")
    house.passes(24)
    assert house.instagram.reached == []
    house.passes(60)
    assert len(house.instagram.reached) == 1
    assert house.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("replies", [1, 2])
def test_equal_replies_to_one_person_are_told_apart(house, replies) -> None:
    house.hears("hi")
    house.passes(60)
    house.instagram.lost_answers = replies
    mid = house.hears("hi once more")
    house.passes(600)
    assert len(house.instagram.reached) == 2
    assert house.outcome(mid) == ("answered", "answered by ig-2")
