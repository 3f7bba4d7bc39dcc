from datetime import timedelta

import pytest

from actors.arrivals import Arrivals
from moca.core.messages import MessageArrived
from tests.making import ANNA, BEN, at, said

FIRST, SECOND, THIRD = (
    MessageArrived(who, 1, said(number, "hi"))
    for number, who in enumerate((ANNA, BEN, ANNA), start=1)
)


@pytest.fixture
def arrivals():
    return Arrivals(patience=timedelta(seconds=2), capacity=3, portion=2)


def test_in_a_hurry_nobody_is_told_until_the_oldest_can_wait_no_longer(arrivals) -> None:
    arrivals.put(FIRST, at(0))
    arrivals.put(SECOND, at(1))
    assert arrivals.take(at(1.9), in_hurry=True) == []
    assert arrivals.take(at(2), in_hurry=True) == [FIRST]
    assert arrivals.take(at(2), in_hurry=False) == [SECOND]
    assert not arrivals


def test_past_the_capacity_the_oldest_go_even_in_a_hurry(arrivals) -> None:
    for _ in range(4):
        arrivals.put(FIRST, at(0))
    assert arrivals.take(at(0), in_hurry=True) == [FIRST] * 4


def test_a_clock_that_is_set_back_keeps_nobody_waiting(arrivals) -> None:
    arrivals.put(FIRST, at(10))
    assert arrivals.take(at(0), in_hurry=True) == [FIRST]


def test_one_contacts_messages_are_told_in_order_before_anything_else_of_them(arrivals) -> None:
    for arrived in (FIRST, SECOND, THIRD):
        arrivals.put(arrived, at(0))
    assert arrivals.take_of(ANNA) == [FIRST, THIRD]
    assert arrivals.take(at(0), in_hurry=False) == [SECOND]
