from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.accounts import AccountStatus, LoginKind, TokenState, is_due, token_problem, warning
from tests.support.factory import NOON

TOKEN = TokenState(
    account_id="17841400000000001",
    flavour=LoginKind.INSTAGRAM_LOGIN,
    status=AccountStatus.ACTIVE,
    issued_at=NOON,
    expires_at=NOON + timedelta(days=60),
)


@pytest.mark.parametrize(
    ("days", "due"), [(0, False), (49, False), (50, True), (59.9, True), (60, False), (61, False)]
)
def test_a_token_is_refreshed_within_ten_days_of_its_end(days: float, due: bool) -> None:
    assert is_due(TOKEN, NOON + timedelta(days=days)) is due


@pytest.mark.parametrize(("hours", "due"), [(23.9, False), (24, True)])
def test_a_token_younger_than_a_day_is_not_refreshed(hours: float, due: bool) -> None:
    short = replace(TOKEN, expires_at=NOON + timedelta(days=5))
    assert is_due(short, NOON + timedelta(hours=hours)) is due


@pytest.mark.parametrize(
    "token",
    [
        replace(TOKEN, status=AccountStatus.DEAD),
        replace(TOKEN, flavour=LoginKind.FACEBOOK_LOGIN),
        replace(TOKEN, expires_at=None),
    ],
)
def test_what_cannot_be_refreshed_is_not(token: TokenState) -> None:
    assert not is_due(token, NOON + timedelta(days=55))


@pytest.mark.parametrize(
    ("failures", "hours"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (60, 24)]
)
def test_a_refresh_that_failed_is_tried_again_less_and_less_often(
    failures: int, hours: int
) -> None:
    failed_at = NOON + timedelta(days=52)
    token = replace(TOKEN, refresh_failures=failures, refresh_failed_at=failed_at)
    again_at = failed_at + timedelta(hours=hours)
    assert not is_due(token, again_at - timedelta(seconds=1))
    assert is_due(token, again_at)


@pytest.mark.parametrize(
    ("days_left", "said"),
    [(14.1, None), (14, "14 days"), (7.1, "14 days"), (7, "7 days"), (1, "1 day"), (0, None)],
)
def test_a_token_s_end_is_announced(days_left: float, said: str | None) -> None:
    told = warning(TOKEN, NOON + timedelta(days=60 - days_left))
    assert told == (said and f"the access token expires within {said}, at 2027-01-21 12:00 UTC")


def test_an_announcement_says_that_refreshing_fails() -> None:
    token = replace(TOKEN, refresh_failures=3)
    told = warning(token, NOON + timedelta(days=56))
    assert told is not None
    assert told.endswith("3 failed refreshes: connect the account again")


def test_a_token_past_its_end_or_dead_ails() -> None:
    dead = replace(TOKEN, status=AccountStatus.DEAD, because="Graph 190: it is gone")
    cure = "; connect the account again or paste a new token"
    assert token_problem(TOKEN, NOON) is None
    assert token_problem(TOKEN, NOON + timedelta(days=60)) == f"the access token has expired{cure}"
    assert token_problem(dead, NOON) == f"Graph 190: it is gone{cure}"
