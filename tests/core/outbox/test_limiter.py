from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from moca.core.outbox.rate_limits import SlidingWindow
from tests.support.factory import at

SECOND = timedelta(seconds=1)
GUARD = timedelta(milliseconds=4)


def test_the_limit_may_be_used_at_once_and_then_waits_for_the_first_to_leave() -> None:
    window = SlidingWindow(2, SECOND)
    window.count(at(0))
    window.count(at(0.4))
    assert window.free_at(at(0.5)) == at(1)
    assert window.free_at(at(0.5), ahead=1) == at(1.4)
    assert window.free_at(at(1)) == at(1)


def test_a_start_that_is_late_is_counted_from_when_it_was_made() -> None:
    window = SlidingWindow(1, SECOND)
    window.reserve()
    assert window.free_at(at(0)) is None
    window.started(at(0.3))
    assert window.free_at(at(0.9)) == at(1.3)


def test_a_released_place_is_free_again() -> None:
    window = SlidingWindow(1, SECOND)
    window.reserve()
    window.release()
    assert window.free_at(at(0)) == at(0)


def test_a_guard_is_kept_beyond_the_span() -> None:
    window = SlidingWindow(1, SECOND, GUARD)
    window.count(at(0))
    assert window.free_at(at(0.5)) == at(1.004)


def test_starts_that_come_late_do_not_slow_the_rate() -> None:
    window, due_at = SlidingWindow(1, SECOND, GUARD), at(0)
    window.count(due_at)
    for late in (0.003, 0.001, 0.002):
        due_at += SECOND + GUARD
        assert window.free_at(due_at) == due_at
        window.count(due_at + timedelta(seconds=late))
    assert window.free_at(due_at + GUARD) == due_at + SECOND + GUARD


def test_a_start_later_than_the_guard_leaves_a_quarter_of_it() -> None:
    window = SlidingWindow(1, SECOND, GUARD)
    window.count(at(0))
    window.count(at(1.004 + 0.008))
    assert window.free_at(at(1.5)) == at(2.012 + 0.001)


def test_a_start_that_nothing_held_up_is_guarded_anew() -> None:
    window = SlidingWindow(1, SECOND, GUARD)
    window.count(at(0))
    window.count(at(5))
    assert window.free_at(at(5.5)) == at(6.004)


def test_a_start_made_in_spite_of_the_limit_holds_up_the_next_one_as_well() -> None:
    window = SlidingWindow(1, SECOND)
    window.count(at(0))
    window.count(at(0.2))
    assert window.free_at(at(0.5)) == at(1.2)


@given(
    limit=st.integers(1, 5),
    guard_ms=st.integers(0, 8),
    pauses=st.lists(st.integers(0, 1500), max_size=60),
    delays=st.lists(st.integers(0, 400), min_size=60, max_size=60),
)
def test_no_window_ever_holds_more_starts_than_the_limit(
    limit: int, guard_ms: int, pauses: list[int], delays: list[int]
) -> None:
    window = SlidingWindow(limit, SECOND, timedelta(milliseconds=guard_ms))
    now, starts = at(0), []
    for pause, delay in zip(pauses, delays, strict=False):
        now += timedelta(milliseconds=pause)
        free_at = window.free_at(now)
        assert free_at is not None
        now = max(now, free_at)
        window.reserve()
        now += timedelta(milliseconds=delay)
        window.started(now)
        starts.append(now)
    for place, start in enumerate(starts):
        within = [each for each in starts[place:] if each - start < SECOND]
        assert len(within) <= limit


@given(limit=st.integers(1, 100))
def test_an_eager_user_gets_the_whole_limit_every_second(limit: int) -> None:
    window, now, starts = SlidingWindow(limit, SECOND), at(0), 0
    while now < at(10):
        window.count(now)
        starts += 1
        free_at = window.free_at(now)
        assert free_at is not None
        now = free_at
    assert starts == limit * 10
