import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import pykka
import pytest
from freezegun.api import FrozenDateTimeFactory
from pykka import ActorDeadError
from structlog.testing import capture_logs

from actors.runtime.timers import ManualTimers, TimerThread
from moca import clock
from tests.support.frozen_time import frozen_at

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE_SECONDS = 30


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def raising(error: ValueError | ActorDeadError) -> Callable[[], NoReturn]:
    def send() -> NoReturn:
        raise error

    return send


@pytest.fixture
def timers() -> ManualTimers:
    return ManualTimers()


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def thread() -> Iterator[TimerThread]:
    thread = TimerThread()
    thread.start()
    yield thread
    thread.stop()


def test_timers_fire_in_order_of_time_and_equal_ones_as_they_were_asked_for(
    timers: ManualTimers,
) -> None:
    sent: list[str] = []
    for name, seconds in [("late", 9), ("first", 1), ("same, first", 5), ("same, second", 5)]:
        timers.later(after(seconds), partial(sent.append, name))
    assert timers.next_at == after(1)
    assert timers.advance_to(after(9)) == 4
    assert sent == ["first", "same, first", "same, second", "late"]
    assert timers.next_at is None


@pytest.mark.parametrize(
    ("now", "fired"),
    [
        (after(4.999999), 0),
        (after(5), 1),
        (after(5.000001), 1),
    ],
)
def test_a_timer_fires_at_its_instant_and_not_before(
    timers: ManualTimers, now: datetime, fired: int
) -> None:
    timers.later(after(5), lambda: None)
    assert timers.advance_to(now) == fired


def test_a_timer_set_while_another_fires_is_sent_if_it_is_due(timers: ManualTimers) -> None:
    sent: list[str] = []

    def set_another() -> None:
        timers.later(after(2), lambda: sent.append("second"))

    timers.later(after(1), set_another)
    assert timers.advance_to(after(2)) == 2
    assert sent == ["second"]


def test_a_cancelled_timer_is_not_sent_and_may_be_cancelled_again(timers: ManualTimers) -> None:
    sent: list[str] = []
    timer = timers.later(after(1), lambda: sent.append("never"))
    timers.later(after(2), lambda: sent.append("sent"))
    timer.cancel()
    timer.cancel()
    assert (len(timers), timers.next_at) == (1, after(2))
    timers.advance_to(after(3))
    assert sent == ["sent"]


def test_cancelling_a_timer_that_was_sent_changes_nothing(timers: ManualTimers) -> None:
    timer = timers.later(after(1), lambda: None)
    timers.later(after(2), lambda: None)
    timers.advance_to(after(1))
    timer.cancel()
    assert len(timers) == 1


def test_a_timer_for_a_stopped_actor_is_dropped(timers: ManualTimers) -> None:
    timers.later(after(1), raising(pykka.ActorDeadError("gone")))
    timers.later(after(1), lambda: None)
    assert timers.advance_to(after(1)) == 2


def test_what_a_send_raises_fails_the_test(timers: ManualTimers) -> None:
    timers.later(after(1), raising(ValueError("wrong")))
    with pytest.raises(ValueError, match="wrong"):
        timers.advance_to(after(1))


@pytest.mark.usefixtures("among_multitudes")
def test_a_million_timers_are_held_and_cancelled_ones_make_room(timers: ManualTimers) -> None:
    asked = [timers.later(after(number % 977), lambda: None) for number in range(1_000_000)]
    for timer in asked[:900_000]:
        timer.cancel()
    assert len(timers) == 100_000
    assert len(timers._agenda._entries) <= 200_000
    assert timers.advance_to(after(977)) == 100_000


def test_the_thread_sends_what_is_due_at_once_and_in_order(thread: TimerThread) -> None:
    sent, done = [], threading.Event()
    now = clock.now()
    thread.later(now + timedelta(milliseconds=30), done.set)
    thread.later(now + timedelta(milliseconds=20), lambda: sent.append("second"))
    thread.later(now - timedelta(days=1), lambda: sent.append("first"))
    assert done.wait(PATIENCE_SECONDS)
    assert sent == ["first", "second"]


def test_a_nearer_timer_does_not_wait_for_a_farther_one(thread: TimerThread) -> None:
    done = threading.Event()
    far = thread.later(clock.now() + timedelta(days=365_000), lambda: None)
    thread.later(clock.now(), done.set)
    assert done.wait(PATIENCE_SECONDS)
    assert len(thread) == 1
    far.cancel()
    assert len(thread) == 0


def test_a_send_that_raises_is_logged_without_its_words_and_the_next_goes_out(
    thread: TimerThread,
) -> None:
    done = threading.Event()
    with capture_logs() as logs:
        thread.later(clock.now(), raising(ValueError("my private words")))
        thread.later(clock.now(), raising(pykka.ActorDeadError("gone")))
        thread.later(clock.now(), done.set)
        assert done.wait(PATIENCE_SECONDS)
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("error", "timer_failed"),
        ("debug", "timer_came_too_late"),
    ]
    assert "private" not in str(logs)


def test_a_step_of_the_wall_clock_moves_no_timer(
    thread: TimerThread, frozen: FrozenDateTimeFactory
) -> None:
    done = threading.Event()
    thread.later(after(0.02), done.set)
    far = thread.later(after(3600), lambda: pytest.fail("the clock stepped, not time"))
    frozen.move_to(after(7200))
    assert done.wait(PATIENCE_SECONDS)
    assert len(thread) == 1
    far.cancel()


def test_a_stopped_thread_sends_nothing_more() -> None:
    sent: list[str] = []
    thread = TimerThread()
    thread.start()
    thread.later(clock.now() + timedelta(hours=1), lambda: sent.append("never"))
    thread.stop()
    thread.later(clock.now(), lambda: sent.append("never"))
    assert sent == []
