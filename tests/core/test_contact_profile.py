from datetime import timedelta

from moca.core.contact_profile import next_read
from tests.support.factory import NOON


def test_a_profile_that_cannot_be_read_is_tried_less_and_less_often_and_then_given_up() -> None:
    tries = [next_read(number, NOON) for number in range(1, 11)]

    assert tries[:5] == [
        NOON + timedelta(minutes=1),
        NOON + timedelta(minutes=5),
        NOON + timedelta(minutes=30),
        NOON + timedelta(hours=4),
        NOON + timedelta(days=1),
    ]
    assert tries[8:] == [NOON + timedelta(days=1), None]
