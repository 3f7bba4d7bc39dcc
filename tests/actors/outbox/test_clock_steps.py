"""State in memory from before a step of the wall clock stops nothing after it."""

from datetime import timedelta

import pytest

from moca import clock
from moca.core.types import ContactKey
from tests.support.system import SteppedSystem

HOURS = [-24, -1, 1, 24]


def person(number: int) -> ContactKey:
    return ContactKey("17841400000000001", f"2897867183840{number:04}")


@pytest.mark.parametrize("hours", HOURS)
def test_after_a_step_a_newcomer_is_answered_at_once(system: SteppedSystem, hours: int) -> None:
    for number in range(3):
        system.receive("hello", person(number))
    system.advance(6)
    assert len(system.instagram.reached) == 3

    system.frozen.move_to(clock.now() + timedelta(hours=hours))
    system.receive("hello", person(3))
    stepped = clock.now()
    system.advance(10)
    assert system.instagram.reached[3].at - stepped <= timedelta(seconds=6.1)
