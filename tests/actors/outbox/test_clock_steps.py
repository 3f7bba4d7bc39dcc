"""What stood in memory before the wall clock was set does not stop anything after it."""

from datetime import timedelta

import pytest

from moca import clock
from moca.core.types import ContactKey

HOURS = [-24, -1, 1, 24]


def person(number: int) -> ContactKey:
    return ContactKey("17841400000000001", f"2897867183840{number:04}")


@pytest.mark.parametrize("hours", HOURS)
def test_after_a_step_a_newcomer_is_answered_at_once(house, hours) -> None:
    for number in range(3):
        house.hears("hello", person(number))
    house.passes(6)
    assert len(house.instagram.reached) == 3

    house.frozen.move_to(clock.now() + timedelta(hours=hours))
    house.hears("hello", person(3))
    stepped = clock.now()
    house.passes(10)
    assert house.instagram.reached[3].at - stepped <= timedelta(seconds=6.1)
