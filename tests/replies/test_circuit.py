from datetime import datetime, timedelta

from moca.replies.circuit import CircuitBreaker
from tests.replies.requests import NOON

REST = timedelta(seconds=60)
CLOSED = CircuitBreaker(max_failures=2, rest=REST)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_so_many_failures_on_end_open_it() -> None:
    once = CLOSED.failed(NOON)
    twice = once.failed(NOON)
    assert (once.is_open(NOON), twice.is_open(NOON)) == (False, True)


def test_a_success_between_starts_the_count_anew() -> None:
    assert not CLOSED.failed(NOON).succeeded().failed(NOON).is_open(NOON)


def test_it_rests_just_so_long() -> None:
    opened = CLOSED.failed(NOON).failed(NOON)
    assert [opened.is_open(after(seconds)) for seconds in (59.999, 60)] == [True, False]


def test_after_the_rest_one_call_tries_and_the_others_wait_for_it() -> None:
    tried = CLOSED.failed(NOON).failed(NOON).called(after(60))
    assert [tried.is_open(after(seconds)) for seconds in (60, 119, 120)] == [True, True, False]
    assert not tried.succeeded().is_open(after(61))
    assert tried.failed(after(61)).is_open(after(120))


def test_a_rest_that_the_other_side_asks_for_is_kept_from_the_first_failure() -> None:
    opened = CLOSED.failed(NOON, timedelta(seconds=7))
    assert [opened.is_open(after(seconds)) for seconds in (6, 7)] == [True, False]


def test_a_call_while_it_is_closed_changes_nothing() -> None:
    assert CLOSED.called(NOON) == CLOSED
