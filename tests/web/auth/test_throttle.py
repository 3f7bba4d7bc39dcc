from datetime import timedelta

from moca.web.auth.passwords import LoginThrottle
from tests.web.rows import AT, after

QUARTER = timedelta(minutes=15)


def test_so_many_tries_are_allowed_within_a_quarter_of_an_hour() -> None:
    doors = LoginThrottle(2)
    begun = [doors.begin("ada", AT), doors.begin("ada", after(60)), doors.begin("ben", after(61))]
    assert begun == [AT, after(60), after(61)]

    assert doors.begin("ada", after(61)) == AT + QUARTER
    assert doors.begin("ada", AT + QUARTER) == AT + QUARTER
    assert doors.begin("ada", AT + QUARTER) == after(60) + QUARTER


def test_of_many_tries_at_once_no_more_are_allowed() -> None:
    doors = LoginThrottle(2)
    assert [doors.begin("ada", AT) for _ in range(4)] == [AT, AT, AT + QUARTER, AT + QUARTER]


def test_a_try_that_was_right_counts_no_longer() -> None:
    doors = LoginThrottle(2)
    for at in (AT, after(1), after(2), after(3)):
        assert doors.begin("ada", at) == at
        doors.take_back("ada", at)


def test_a_try_that_was_right_opens_a_name_that_was_used_up() -> None:
    doors = LoginThrottle(2)
    doors.begin("ada", AT)
    doors.begin("ada", after(1))
    doors.take_back("ada", after(1))
    assert doors.begin("ada", after(2)) == after(2)
    assert doors.begin("ada", after(3)) == AT + QUARTER


def test_to_ask_when_a_try_is_allowed_counts_none() -> None:
    doors = LoginThrottle(1)
    assert [doors.free_at("ada", AT) for _ in range(3)] == [AT] * 3
    doors.begin("ada", AT)
    assert doors.free_at("ada", after(1)) == AT + QUARTER


def test_the_oldest_names_are_forgotten_first() -> None:
    doors = LoginThrottle(2, capacity=2)
    for name in ("ada", "ada", "ben", "chiara", "dora"):
        doors.begin(name, AT)

    assert doors.begin("ada", after(1)) == AT + QUARTER
    assert [doors.begin("ben", after(second)) for second in (1, 2)] == [after(1), after(2)]


def test_a_name_that_used_up_its_tries_is_not_forgotten_for_others() -> None:
    doors = LoginThrottle(1, capacity=2)
    for name in ("ada", "ben"):
        doors.begin(name, AT)

    assert doors.begin("chiara", after(1)) == AT + QUARTER
    assert doors.begin("ada", after(1)) == AT + QUARTER
    assert doors.begin("chiara", AT + QUARTER) == AT + QUARTER
    assert doors.begin("ben", AT + QUARTER) == AT + QUARTER


def test_who_may_try_again_earlier_waits_for_nobody_else() -> None:
    doors = LoginThrottle(2)
    doors.begin("ada", AT)
    doors.begin("ben", after(50))
    doors.begin("ben", after(60))
    doors.begin("ada", after(100))

    assert doors.begin("ada", AT + QUARTER) == AT + QUARTER
    assert doors.begin("ben", AT + QUARTER) == after(50) + QUARTER


def test_a_span_of_its_own_counts() -> None:
    doors = LoginThrottle(1, timedelta(minutes=1))
    doors.begin("ada", AT)
    assert doors.begin("ada", after(59)) == after(60)
    assert doors.begin("ada", after(60)) == after(60)
