import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

import structlog

from moca.core.types import ContactKey

log = structlog.get_logger()

Spent = Callable[[datetime], Mapping[ContactKey, int]]
"""Returns each contact's number of replies since an instant; called on a responder's thread."""


Report = Callable[[str, datetime, str], None]
"""Receives why the budget is spent, when it was, and of which account; empty for that of all.

Called on a responder's thread.
"""


class Budget(Protocol):
    """A limit on model calls; thread-safe."""

    def take(self, contact: ContactKey, now: datetime) -> str | None:
        """Take one call for a contact from the budget; return None, or why it is refused."""
        ...


def nothing_spent(since: datetime) -> Mapping[ContactKey, int]:  # noqa: ARG001
    """Return no replies, for use without a database."""
    return {}


def report_to_nobody(because: str, at: datetime, account_id: str) -> None:
    """Drop the report, as where nothing is kept."""


@dataclass(frozen=True, slots=True)
class BudgetRecord:
    """Where calls are recorded: what was spent, and that the budget is used up."""

    spent: Spent = nothing_spent
    report: Report = report_to_nobody


_HOURS_TO_SPEND_A_DAY_IN = 4
_MIN_PER_HOUR = 50


class DailyBudget:
    """A limit of calls per UTC day, overall, per account and per contact.

    One hour may use a quarter of the day's calls, or 50 if that is more, so that a few contacts
    cannot use up the budget of all. The count is kept in this process; the first call of a day
    loads what was spent before a restart. It holds at most as many contacts as the day has calls.
    """

    def __init__(
        self,
        per_day: int,
        per_contact: int,
        spent: Spent = nothing_spent,
        report: Report = report_to_nobody,
        *,
        per_account: int | None = None,
    ) -> None:
        self._per_day = per_day
        self._per_account = per_day if per_account is None else per_account
        self._per_contact = per_contact
        self._spent_since = spent
        self._report_to = report
        self._lock = threading.Lock()
        self._day: datetime | None = None
        self._spent: Counter[ContactKey] = Counter()
        self._of_account: Counter[str] = Counter()
        self._total = 0
        self._per_hour = max(per_day // _HOURS_TO_SPEND_A_DAY_IN, _MIN_PER_HOUR)
        self._hour: datetime | None = None
        self._in_hour = 0
        self._reported: dict[str, str] = {}
        """What was reported last today, by account."""

    def take(self, contact: ContactKey, now: datetime) -> str | None:
        """Take one call, unless a limit is reached."""
        with self._lock:
            self._turn_to(now)
            if (spent := self._spent_for_all()) is not None:
                self._report(spent, now)
                return spent
            account_id = contact.account_id
            if self._of_account[account_id] >= self._per_account:
                spent = (
                    f"the account's budget of {self._per_account} calls is used up until 00:00 UTC"
                )
                self._report(spent, now, account_id)
                return spent
            if self._spent[contact] >= self._per_contact:
                return (
                    f"the contact's budget of {self._per_contact} calls is used up until 00:00 UTC"
                )
            self._spent[contact] += 1
            self._of_account[account_id] += 1
            self._total += 1
            self._in_hour += 1
            return None

    def _spent_for_all(self) -> str | None:
        if self._total >= self._per_day:
            return f"the day's budget of {self._per_day} calls is used up until 00:00 UTC"
        if self._in_hour >= self._per_hour and self._hour is not None:
            until = self._hour + timedelta(hours=1)
            return f"the hour's share of {self._per_hour} calls is used up until {until:%H:%M} UTC"
        return None

    def _report(self, spent: str, now: datetime, account_id: str = "") -> None:
        if spent != self._reported.get(account_id):
            self._report_to(spent, now, account_id)
            account = {"account": account_id} if account_id else {}
            log.warning("model_budget_spent", because=spent, day=f"{self._day:%Y-%m-%d}", **account)
        self._reported[account_id] = spent

    def _turn_to(self, now: datetime) -> None:
        day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        # A clock set back past midnight must not spend the previous day's budget again.
        if self._day is None or day > self._day:
            self._spent = Counter(self._spent_since(day))
            self._total = self._spent.total()
            self._of_account = Counter()
            for contact, count in self._spent.items():
                self._of_account[contact.account_id] += count
            self._day, self._reported = day, {}
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self._hour is None or hour > self._hour:
            self._hour, self._in_hour = hour, 0
