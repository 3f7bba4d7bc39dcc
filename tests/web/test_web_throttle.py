from datetime import timedelta

from moca.web import throttle
from moca.web.throttle import Throttle
from tests.web.rows import AT, after

QUARTER = timedelta(minutes=15)


def test_so_many_tries_are_allowed_within_a_quarter_of_an_hour():
    doors = Throttle(2)
    begun = [doors.begin("ada", AT), doors.begin("ada", after(60)), doors.begin("ben", after(61))]
    assert begun == [AT, after(60), after(61)]

    assert doors.begin("ada", after(61)) == AT + QUARTER
    assert doors.begin("ada", AT + QUARTER) == AT + QUARTER
    assert doors.begin("ada", AT + QUARTER) == after(60) + QUARTER


def test_of_many_tries_at_once_no_more_are_allowed():
    doors = Throttle(2)
    assert [doors.begin("ada", AT) for _ in range(4)] == [AT, AT, AT + QUARTER, AT + QUARTER]


def test_a_try_that_was_right_counts_no_longer():
    doors = Throttle(2)
    for at in (AT, after(1), after(2), after(3)):
        assert doors.begin("ada", at) == at
        doors.take_back("ada", at)


def test_the_oldest_names_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(throttle, "_REMEMBERED", 2)
    doors = Throttle(1)
    for name in ("ada", "ben", "chiara"):
        doors.begin(name, AT)

    waits = [doors.begin(name, after(1)) > after(1) for name in ("chiara", "ben", "ada")]
    assert waits == [True, True, False]
