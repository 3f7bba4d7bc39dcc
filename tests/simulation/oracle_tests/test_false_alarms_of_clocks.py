"""Worlds whose clock is set, in which nothing is wrong, though the simulation once said so."""

from moca.core.types import ContactKey, Priority
from tests.simulation.oracle_tests.test_false_alarms import ANNA, broken
from tests.simulation.worlds.script import ClockSteps, Operates, Writes


def test_a_clock_set_back_and_then_forward_lifts_a_contacts_rest() -> None:
    assert not broken(
        Writes(at=26.994, contact=ANNA, mid="m4", text="hello?"),
        Writes(at=32.994, contact=ANNA, mid="m5", text="where is my order"),
        Writes(at=33.994, contact=ANNA, mid="m6", text="what does it cost"),
        ClockSteps(at=33.757, seconds=3600),
        ClockSteps(at=28.284, seconds=-7200),
        debounce=0.5,
    )


def test_what_was_due_before_the_clock_was_set_back_is_not_early() -> None:
    third, fourth, eighth = (ContactKey(ANNA.account_id, f"p{number}") for number in (3, 4, 8))
    assert not broken(
        Writes(at=2.685, contact=third, mid="m6", text="are you open", delays=(0.2, 1.2)),
        Writes(at=0.444, contact=fourth, mid="m7", text="", type="image", delays=(0.2, 0.3, 40.2)),
        Writes(at=1.326, contact=eighth, mid="m18", text="what does it cost"),
        Operates(at=6.619, contact=third, action="write", text="one", priority=Priority.HIGH),
        Operates(at=6.619, contact=fourth, action="write", text="two"),
        ClockSteps(at=8.282, seconds=-3),
        Operates(at=1.553, contact=fourth, action="answer", text="three", repeats=(5, 30)),
        account_per_second=1,
        user_cooldown=2,
    )
