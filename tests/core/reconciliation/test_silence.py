from datetime import datetime, timedelta
from random import Random

import pytest

from moca.core.reconciliation.silence import expected_arrivals, is_too_quiet, silence_reason
from tests.support.factory import NOON

HOUR = timedelta(hours=1)


def busy(*, days: int = 14, each: int = 10, nights: int = 10) -> dict[datetime, int]:
    """Arrivals per hour by day and by night, until noon."""
    hours = [NOON - n * HOUR for n in range(1, days * 24 + 1)]
    return {hour: each if 6 <= hour.hour < 22 else nights for hour in hours}


def quiet_for(hours: dict[datetime, int], span: timedelta) -> bool:
    return is_too_quiet(expected_arrivals(hours, NOON, NOON + span))


def test_a_busy_account_has_gone_quiet_after_an_hour() -> None:
    assert not quiet_for(busy(), timedelta(minutes=50))
    assert quiet_for(busy(), timedelta(minutes=56))


def test_what_was_to_be_expected_is_told() -> None:
    assert expected_arrivals(busy(), NOON, NOON + HOUR / 2) == pytest.approx(5)


def test_an_account_that_hears_little_may_be_silent_long() -> None:
    assert not quiet_for({NOON - 7 * n * HOUR: 1 for n in range(1, 48)}, timedelta(hours=12))


def test_a_night_in_which_nobody_ever_writes_is_no_silence() -> None:
    hours = busy(each=20, nights=0)
    evening = NOON.replace(hour=22)

    assert expected_arrivals(hours, evening, evening + 7 * HOUR) == 0


def test_a_sunday_in_which_nobody_ever_writes_is_no_silence() -> None:
    hours = {at: count for at, count in busy(each=40).items() if at.weekday() != 6}
    assert NOON.weekday() == 6

    assert not quiet_for(hours, timedelta(hours=10))


def test_less_than_a_week_is_too_little_to_go_by() -> None:
    assert not quiet_for(busy(days=6, each=100), timedelta(hours=10))
    assert not quiet_for({}, timedelta(hours=10))


def test_where_people_write_in_bursts_a_silence_means_less() -> None:
    draw = Random(5)
    bursts = {hour: 60 if draw.random() < 1 / 6 else 0 for hour in busy()}

    assert not quiet_for(bursts, timedelta(hours=1))
    assert quiet_for(busy(), timedelta(hours=1))


@pytest.mark.parametrize(
    ("subscribed", "unreadable", "advice"),
    [
        (set(), None, "it has no webhook subscription: connect the account again"),
        ({"comments"}, None, "it is not subscribed to messages: connect the account again"),
        (
            {"messages"},
            None,
            "it is subscribed: check the webhook URL in Meta's dashboard",
        ),
        (set(), "Graph 190", "its subscription could not be read: Graph 190"),
    ],
)
def test_it_says_the_one_thing_to_do(
    subscribed: set[str], unreadable: str | None, advice: str
) -> None:
    assert silence_reason(NOON, 12.4, subscribed, unreadable) == (
        "no webhook has arrived since 2026-11-22 12:00 UTC, where at least 12 were expected; "
        + advice
    )
