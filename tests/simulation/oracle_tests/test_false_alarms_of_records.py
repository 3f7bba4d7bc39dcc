"""Worlds in which Instagram's record is late and nothing is wrong, though it was once said so."""

from tests.simulation.oracle_tests.test_false_alarms import ANNA, broken
from tests.simulation.worlds.script import Sending, Writes


def test_a_last_attempt_that_no_record_shows_in_time_may_fail_though_it_arrived() -> None:
    lost = [Sending(number=number, arrives=None, answer="unconfirmed") for number in (1, 2, 3, 4)]
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        *lost,
        Sending(number=5, arrives=0.1, answer="unconfirmed", echoes=(), recorded=60),
        settle=10,
    )
