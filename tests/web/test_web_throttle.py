from datetime import timedelta

from moca.web import throttle
from moca.web.throttle import Throttle
from tests.web.rows import AT, after

QUARTER = timedelta(minutes=15)


def test_so_many_failures_are_allowed_within_a_quarter_of_an_hour():
    doors = Throttle(2)
    doors.fail("ada", AT)
    assert doors.free_at("ada", after(1)) == after(1)

    doors.fail("ada", after(60))
    assert doors.free_at("ada", after(61)) == AT + QUARTER
    assert doors.free_at("ben", after(61)) == after(61)
    assert doors.free_at("ada", AT + QUARTER) == AT + QUARTER

    doors.fail("ada", AT + QUARTER)
    assert doors.free_at("ada", AT + QUARTER) == after(60) + QUARTER


def test_the_oldest_names_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(throttle, "_REMEMBERED", 2)
    doors = Throttle(1)
    for name in ("ada", "ben", "ada", "chiara"):
        doors.fail(name, AT)

    waits = [doors.free_at(name, AT) > AT for name in ("ada", "ben", "chiara")]
    assert waits == [True, False, True]
