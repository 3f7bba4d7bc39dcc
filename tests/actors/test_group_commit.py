from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta

import pytest

from actors.persistence import Arrivals, PersistenceActor
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca.core.messages.command import Command
from moca.core.messages.inbound import MessageArrived, RecordWebhook
from moca.storage.writer import Written
from tests.support.factory import ANNA, BEN, at, said

FIRST, SECOND, THIRD = (
    MessageArrived(who, 1, said(number, "hi"))
    for number, who in enumerate((ANNA, BEN, ANNA), start=1)
)


@pytest.fixture
def arrivals() -> Arrivals:
    return Arrivals(max_wait=timedelta(seconds=2), capacity=3, portion=2)


def test_in_a_hurry_nobody_is_told_until_the_oldest_can_wait_no_longer(arrivals: Arrivals) -> None:
    arrivals.put(FIRST, at(0))
    arrivals.put(SECOND, at(1))
    assert arrivals.take(at(1.9), in_hurry=True) == []
    assert arrivals.take(at(2), in_hurry=True) == [FIRST]
    assert arrivals.take(at(2), in_hurry=False) == [SECOND]
    assert not arrivals


def test_past_the_capacity_the_oldest_go_even_in_a_hurry(arrivals: Arrivals) -> None:
    for _ in range(4):
        arrivals.put(FIRST, at(0))
    assert arrivals.take(at(0), in_hurry=True) == [FIRST] * 4


def test_a_clock_that_is_set_back_keeps_nobody_waiting(arrivals: Arrivals) -> None:
    arrivals.put(FIRST, at(10))
    assert arrivals.take(at(0), in_hurry=True) == [FIRST]


def test_one_contacts_messages_are_told_in_order_before_anything_else_of_them(
    arrivals: Arrivals,
) -> None:
    for arrived in (FIRST, SECOND, THIRD):
        arrivals.put(arrived, at(0))
    assert arrivals.take_of(ANNA) == [FIRST, THIRD]
    assert arrivals.take(at(0), in_hurry=False) == [SECOND]


class InterruptedDispatcher(SteppingDispatcher):
    """Steps, and calls back while a turn is extended."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], None]] = []

    def linger(self, span: timedelta) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()


class CountingWriter:
    """Records how many commands it receives at a time."""

    def __init__(self) -> None:
        self.commits: list[int] = []

    def apply(self, commands: Sequence[Command]) -> Written:
        self.commits.append(len(commands))
        return Written((), ())


def webhook() -> RecordWebhook:
    return RecordWebhook(b"{}", (), at(0), receipt=Future())


def test_after_a_crowds_commit_the_next_waits_for_as_many_as_are_on_their_way() -> None:
    writer, dispatcher = CountingWriter(), InterruptedDispatcher()
    persistence = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=print, timers=ManualTimers()
    )
    for _ in range(8):
        persistence.tell(webhook())
    dispatcher.run_until_idle()
    dispatcher.meanwhile = [lambda: persistence.tell(webhook())] * 3
    persistence.tell(webhook())
    dispatcher.run_until_idle()
    assert writer.commits == [8, 4]


def test_where_few_wait_a_commit_waits_for_nobody() -> None:
    writer, dispatcher = CountingWriter(), InterruptedDispatcher()
    persistence = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=print, timers=ManualTimers()
    )
    dispatcher.meanwhile = [lambda: persistence.tell(webhook())]
    persistence.tell(webhook())
    dispatcher.run_until_idle()
    assert writer.commits == [1]
