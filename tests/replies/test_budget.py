from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog

from moca.core.types import ContactKey
from moca.replies.budget import DailyBudget
from tests.replies.requests import ANNA, BEN, NOON

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)
DAY_SPENT = "the day's budget of 3 calls is used up until 00:00 UTC"
ANNA_SPENT = "the contact's budget of 2 calls is used up until 00:00 UTC"


def test_a_contact_has_so_many_calls_a_day() -> None:
    budget = DailyBudget(3, 2)
    assert [budget.take(ANNA, NOON) for _ in range(3)] == [None, None, ANNA_SPENT]
    assert budget.take(BEN, NOON) is None


def test_all_contacts_together_have_so_many_calls_a_day() -> None:
    budget = DailyBudget(3, 2)
    taken = [budget.take(contact, NOON) for contact in (ANNA, ANNA, BEN, BEN)]
    assert taken == [None, None, None, DAY_SPENT]


def test_one_hour_takes_no_more_than_a_quarter_of_the_day() -> None:
    budget = DailyBudget(1000, 1000)
    assert [budget.take(ANNA, NOON) for _ in range(250)] == [None] * 250
    spent = "the hour's share of 250 calls is used up until 13:00 UTC"
    assert budget.take(BEN, NOON + timedelta(minutes=59)) == spent
    assert budget.take(BEN, NOON + timedelta(minutes=60)) is None


def test_of_a_small_budget_one_hour_takes_fifty() -> None:
    budget = DailyBudget(60, 60)
    taken = Counter(budget.take(ANNA, NOON) for _ in range(60))
    assert taken == {None: 50, "the hour's share of 50 calls is used up until 13:00 UTC": 10}


def test_that_a_budget_is_spent_is_reported_once() -> None:
    budget = DailyBudget(3, 3)
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            budget.take(ANNA, NOON)
            budget.take(ANNA, MIDNIGHT)
    told = {"event": "model_budget_spent", "because": DAY_SPENT, "log_level": "warning"}
    assert lines == [told | {"day": "2026-01-06"}]


def test_what_is_reported_goes_to_whom_it_concerns_with_its_instant() -> None:
    reports = []
    budget = DailyBudget(3, 3, report=lambda *report: reports.append(report))
    for minute in range(9):
        budget.take(ANNA, NOON + timedelta(minutes=minute))
    assert reports == [(DAY_SPENT, NOON + timedelta(minutes=3), "")]


def test_each_account_of_a_bot_has_so_many_calls_a_day() -> None:
    reports = []
    spent = "the account's budget of 2 calls is used up until 00:00 UTC"
    other = ContactKey("other", "anna")

    def take(*contacts: ContactKey) -> list[str | None]:
        return [budget.take(each, NOON) for each in contacts]

    budget = DailyBudget(5, 5, report=lambda *report: reports.append(report), per_account=2)
    assert take(ANNA, BEN, BEN, ANNA, other, other) == [None, None, spent, spent, None, None]
    assert reports == [(spent, NOON, ANNA.account_id)]
    assert budget.take(ANNA, MIDNIGHT) is None

    restarted = DailyBudget(5, 5, lambda _since: {ANNA: 1, BEN: 1, other: 1}, per_account=2)
    assert [restarted.take(each, NOON) for each in (ANNA, other)] == [spent, None]


def test_the_next_day_begins_at_midnight_utc() -> None:
    budget = DailyBudget(3, 1)
    assert budget.take(ANNA, MIDNIGHT - timedelta(microseconds=1)) is None
    assert budget.take(ANNA, MIDNIGHT) is None
    assert budget.take(ANNA, MIDNIGHT) is not None


def test_a_clock_set_back_over_midnight_gives_nothing_anew() -> None:
    budget = DailyBudget(1, 1)
    assert budget.take(ANNA, MIDNIGHT) is None
    assert budget.take(ANNA, MIDNIGHT - timedelta(seconds=1)) is not None


def test_what_was_spent_before_a_restart_is_recalled_once_a_day() -> None:
    recalled = []

    def recall(since: datetime) -> dict[ContactKey, int]:
        recalled.append(since)
        return {ANNA: 2}

    budget = DailyBudget(3, 2, recall)
    taken = [budget.take(contact, NOON) for contact in (ANNA, BEN, BEN)]
    assert taken == [ANNA_SPENT, None, DAY_SPENT]
    assert recalled == [datetime(2026, 1, 5, tzinfo=UTC)]


def test_threads_that_ask_at_once_get_no_more_than_there_is() -> None:
    budget = DailyBudget(50, 50)
    with ThreadPoolExecutor(8) as pool:
        taken = Counter(pool.map(lambda _: budget.take(ANNA, NOON), range(200)))
    assert taken[None] == 50
