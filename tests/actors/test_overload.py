"""Floods, loops and hanging calls: what one does must not cost the others."""

from datetime import timedelta

import pytest

from actors import system
from actors.system import Overloaded
from moca.core.inbound.events import InboundMessage
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.receipt import Done
from moca.core.policy import ConversationPolicy
from tests.support.factory import ANNA, BEN, at


def test_past_the_bound_a_webhook_is_refused_at_once(house, monkeypatch) -> None:
    monkeypatch.setattr(system, "_MOST_WAITING", 3)
    house.settle()
    for _ in range(3):
        house.system.tell(RecordWebhook(b"{}", (), at(0)))
    with pytest.raises(Overloaded, match="3 messages wait for the supervisor"):
        house.system.tell(RecordWebhook(b"{}", (), at(0)))
    house.settle()
    assert house.receives() == Done()


def test_two_bots_that_talk_to_each_other_are_stopped_with_the_reason(open_house) -> None:
    policy = ConversationPolicy(debounce=timedelta(0), cooldown=timedelta(0), replies_per_hour=5)
    house = open_house(conversation=policy)
    mids = []
    for turn in range(8):
        mids.append(house.hears(f"I am a bot too, {turn}"))
        house.passes(60)
    assert len(house.instagram.reached) == 5
    assert house.outcome(mids[-1]) == (
        "suppressed",
        "5 replies to one contact within an hour are enough",
    )

    house.passes(3600)
    again = house.hears("hello?")
    house.passes(10)
    assert house.outcome(again)[0] == "answered"


def test_the_budget_outlives_a_restart(open_house) -> None:
    policy = ConversationPolicy(debounce=timedelta(0), cooldown=timedelta(0), replies_per_hour=2)
    house = open_house(conversation=policy)
    for turn in range(2):
        house.hears(f"turn {turn}")
        house.passes(60)
    house.crash()
    house.start()
    mid = house.hears("turn 3")
    house.passes(60)
    assert house.outcome(mid)[0] == "suppressed"


def test_a_contact_who_sends_thousands_slows_nobody_else_down(house) -> None:
    flood = [InboundMessage(contact=ANNA, mid=f"f{n}", text=f"message {n}") for n in range(2000)]
    for start in range(0, len(flood), 1000):
        house.receives(*flood[start : start + 1000])
    mid = house.hears("hi", BEN)
    house.passes(6)
    assert house.outcome(mid)[0] == "answered"

    house.passes(3600)
    assert house.outcomes() == {"answered": 61, "suppressed": 1940}
