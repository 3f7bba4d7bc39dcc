from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.outbox.forecast import Forecast, Limits, WaitingReply, forecast
from moca.core.types import ContactKey
from tests.support.factory import NOON, at

LIMITS = Limits(per_second=2, account_per_second=100, user_cooldown=timedelta(seconds=7))


def waiting(
    item_id: int,
    person: int | str | None = None,
    *,
    priority: int = 1,
    due: int = 0,
    window: int | None = None,
    account: str = "a",
) -> WaitingReply:
    return WaitingReply(
        item_id=item_id,
        contact=ContactKey(account, str(person or item_id)),
        priority=priority,
        due_at=at(due),
        window_ends_at=None if window is None else at(window),
    )


def told(*items: WaitingReply, limits: Limits = LIMITS, more: int = 0) -> tuple[float, list[int]]:
    found = forecast(items, limits, NOON, more)
    return (found.drains_at - NOON).total_seconds(), [each.item_id for each in found.falling_out]


def test_an_empty_queue_has_drained() -> None:
    assert forecast((), LIMITS, NOON) == Forecast(drains_at=NOON, looked_at=0, falling_out=())


@pytest.mark.parametrize(
    ("items", "drains_after"),
    [
        pytest.param([waiting(1)], 0, id="one goes now"),
        pytest.param([waiting(n) for n in range(1, 6)], 2, id="the rate over all"),
        pytest.param([waiting(1, "x"), waiting(2, "x")], 7, id="one person at a time"),
        pytest.param([waiting(1, due=60), waiting(2)], 60, id="what is scheduled"),
        pytest.param([waiting(1, "x"), waiting(2, "x"), waiting(3)], 7, id="others in between"),
    ],
)
def test_a_queue_drains_at_the_limits(items: list[WaitingReply], drains_after: int) -> None:
    assert told(*items) == (drains_after, [])


def test_those_not_looked_at_go_behind_the_others() -> None:
    assert told(waiting(1), more=20) == (10, [])


def test_an_account_that_rests_holds_up_its_own_only() -> None:
    limits = Limits(
        per_second=2,
        account_per_second=100,
        user_cooldown=timedelta(seconds=7),
        rests={"a": at(30)},
    )
    assert told(waiting(1), waiting(2, account="b"), limits=limits) == (30, [])


def test_an_account_has_a_limit_of_its_own() -> None:
    limits = Limits(per_second=1000, account_per_second=1, user_cooldown=timedelta(0))
    assert told(*(waiting(n) for n in range(4)), limits=limits) == (3, [])


def test_whose_window_shuts_before_their_turn_falls_out() -> None:
    items = [waiting(n, window=1) for n in range(1, 6)]
    assert told(*items) == (1, [4, 5])


def test_the_urgent_go_first_so_that_others_fall_out() -> None:
    items = [waiting(1, window=0), waiting(2, priority=0, window=0)]
    assert told(*items) == (0, [1])


@given(
    people=st.lists(st.integers(1, 6), max_size=40),
    rate=st.integers(1, 50),
    windows=st.integers(0, 60),
)
def test_everybody_goes_or_falls_out_and_no_limit_is_broken(
    people: list[int], rate: int, windows: int
) -> None:
    limits = Limits(per_second=rate, account_per_second=100, user_cooldown=timedelta(seconds=7))
    items = [waiting(n, person, window=windows) for n, person in enumerate(people)]
    found = forecast(items, limits, NOON)

    assert found.looked_at == len(items)
    gone = len(items) - len(found.falling_out)
    most_to_one = windows // 7 + 1
    assert gone <= max(most_to_one * len(set(people)), 0)
    assert found.drains_at <= at(windows)
    assert (found.drains_at - NOON) * rate >= timedelta(seconds=max(gone - 1, 0)) * 0.999
