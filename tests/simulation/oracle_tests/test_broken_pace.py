from dataclasses import replace

import pytest

from moca.core.conversation.state import Conversation
from moca.core.outbox import outbox, rate_limits
from moca.core.outbox.account_rests import AccountRests
from moca.core.types import ContactKey
from moca.storage.outbox import results
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_broken_promises import _flush_at_without_cooldown, found
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import ClockSteps, Dies, Script, Sending, Writes
from tests.simulation.worlds.settings import WorldSettings


def draw_few_couriers(seed: int) -> Script:
    """Draw a run where calls hang, one holds up all, and many end with being throttled."""
    script = draw_script(seed)
    settings = replace(script.settings, couriers=1, debounce=0.5)
    slow = (
        Sending(number=n, arrives=None, answer="throttled", answers=5, wait=20)
        for n in range(2, 40, 3)
    )
    kept = (each for each in script.happenings if not isinstance(each, Sending))
    return replace(script, settings=settings, happenings=(*kept, *slow))


def draw_deaths_while_throttled(seed: int) -> Script:
    """Draw a run where an account is asked to wait now and then, and Moca dies meanwhile."""
    script = draw_script(seed)
    throttled = (
        Sending(number=n, arrives=None, answer="throttled", wait=60) for n in range(2, 40, 4)
    )
    kept = (each for each in script.happenings if not isinstance(each, Sending))
    dies = (Dies(at=at) for at in range(20, 200, 20))
    return replace(script, happenings=(*kept, *throttled, *dies))


def test_a_pace_without_a_limit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = {
        "overall_free_at": lambda self, now, ahead: now,
        "own_free_at": lambda self, channel, now, ahead: now,
    }
    for name, free_at in at_once.items():
        monkeypatch.setattr(rate_limits.RateLimits, name, free_at)
    assert found(Invariant.SENDING_LIMITS)


def test_a_user_who_gets_no_rest_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox.Outbox, "rest", lambda self, contact, since, now: None)
    assert found(Invariant.SENDING_LIMITS)


def test_a_throttled_account_that_goes_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox.Outbox, "rest_account", lambda self, *told: None)
    assert found(Invariant.SENDING_LIMITS)


def test_a_rest_forgotten_in_a_restart_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "rest_accounts", lambda rests: None)
    assert found(Invariant.SENDING_LIMITS, draw=draw_deaths_while_throttled)


def test_calls_that_wait_for_a_courier_past_the_rest_of_their_account_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox.Outbox, "_has_a_free_courier", True)
    monkeypatch.setattr(AccountRests, "obstacle", lambda _rests, _account_id, _now: None)
    assert found(Invariant.SENDING_LIMITS, draw=draw_few_couriers, first=7)


def test_a_cooldown_that_nobody_keeps_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conversation, "flush_at", _flush_at_without_cooldown)
    assert found(Invariant.ORDER_OF_REPLIES, first=4)


def test_a_death_after_it_excuses_no_cooldown_that_nobody_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conversation, "flush_at", _flush_at_without_cooldown)
    anna = ContactKey("17841400000000001", "p1")
    happenings = (
        Writes(at=1, contact=anna, mid="m1", text="are you open"),
        Writes(at=8, contact=anna, mid="m2", text="where is my order"),
        Dies(at=14),
        ClockSteps(at=20, seconds=-2),
    )
    result = run(Script(0, WorldSettings(), happenings))
    assert (Invariant.ORDER_OF_REPLIES, "talk 1 flushed 0:00:07 after it had") in result.broken
