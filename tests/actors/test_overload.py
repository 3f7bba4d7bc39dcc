"""Floods, loops and hanging calls of one contact must not affect the others."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from actors import system as system_module
from actors.system import SystemOverloaded
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Done
from moca.core.messages.inbound import RecordWebhook
from moca.core.policy import ConversationPolicy
from tests.support.factory import ANNA, BEN, at
from tests.support.system import SteppedSystem


def test_past_the_bound_a_webhook_is_refused_at_once(
    system: SteppedSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_module, "_MAX_WAITING", 3)
    system.settle()
    for _ in range(3):
        system.actors.tell(RecordWebhook(b"{}", (), at(0)))
    with pytest.raises(SystemOverloaded, match="3 messages wait for the persistence"):
        system.actors.tell(RecordWebhook(b"{}", (), at(0)))
    system.settle()
    assert system.receive_events() == Done()


def test_two_bots_that_talk_to_each_other_are_stopped_with_the_reason(
    open_system: Callable[..., SteppedSystem],
) -> None:
    policy = ConversationPolicy(debounce=timedelta(0), cooldown=timedelta(0), replies_per_hour=5)
    system = open_system(conversation=policy)
    mids = []
    for turn in range(8):
        mids.append(system.receive(f"I am a bot too, {turn}"))
        system.advance(60)
    assert len(system.instagram.reached) == 5
    assert system.outcome(mids[-1]) == (
        "suppressed",
        "limit of 5 replies per contact per hour reached",
    )

    system.advance(3600)
    again = system.receive("hello?")
    system.advance(10)
    assert system.outcome(again)[0] == "answered"


def test_the_budget_outlives_a_restart(open_system: Callable[..., SteppedSystem]) -> None:
    policy = ConversationPolicy(debounce=timedelta(0), cooldown=timedelta(0), replies_per_hour=2)
    system = open_system(conversation=policy)
    for turn in range(2):
        system.receive(f"turn {turn}")
        system.advance(60)
    system.crash()
    system.start()
    mid = system.receive("turn 3")
    system.advance(60)
    assert system.outcome(mid)[0] == "suppressed"


def test_a_contact_who_sends_thousands_slows_nobody_else_down(system: SteppedSystem) -> None:
    flood = [InboundMessage(contact=ANNA, mid=f"f{n}", text=f"message {n}") for n in range(2000)]
    for start in range(0, len(flood), 1000):
        system.receive_events(*flood[start : start + 1000])
    mid = system.receive("hi", BEN)
    system.advance(6)
    assert system.outcome(mid)[0] == "answered"

    system.advance(3600)
    assert system.outcomes() == {"answered": 61, "suppressed": 1940}
