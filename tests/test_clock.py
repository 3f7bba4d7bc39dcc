"""The one clock, and a replay's virtual time."""

from datetime import timedelta

import freezegun
import pytest

from moca import clock
from tests.support.factory import NOON, at
from tests.support.frozen_time import frozen_at


def test_it_is_the_wall_clock() -> None:
    with frozen_at(NOON) as frozen:
        assert clock.now() == NOON
        frozen.tick(5)
        assert clock.now() == at(5)


def test_virtual_time_stands_still_until_it_is_moved() -> None:
    with clock.virtual_time(NOON) as time:
        assert clock.now() == NOON
        time.move_to(at(60))
        assert clock.now() == at(60)


def test_virtual_time_never_goes_back() -> None:
    with clock.virtual_time(NOON) as time:
        time.move_to(NOON - timedelta(days=1))
        assert clock.now() == NOON


def test_after_virtual_time_the_wall_clock_is_asked_again() -> None:
    with freezegun.freeze_time(NOON):
        with pytest.raises(KeyError), clock.virtual_time(at(600)):
            raise KeyError
        assert clock.now() == NOON
