import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

import structlog

from moca.core.types import ContactKey

log = structlog.get_logger()

Spent = Callable[[datetime], Mapping[ContactKey, int]]
"""Tells how many replies each contact has had since an instant; called on a responder's thread."""


class Budget(Protocol):
    """How much may be spent; safe to ask from several threads."""

    def take(self, contact: ContactKey, now: datetime) -> str | None:
        """Take one call for a contact out of it; or take nothing, and say why it may not be."""
        ...


def nothing_spent(since: datetime) -> Mapping[ContactKey, int]:  # noqa: ARG001
    """Tell of nothing, as where nothing is kept."""
    return {}


_HOURS_TO_SPEND_A_DAY_IN = 4
_MIN_PER_HOUR = 50


class DailyBudget:
    """So many calls a day (UTC) over all and to one contact; hard stops.

    One hour may take a quarter of the day's calls, or 50 if that is more, so that a few contacts
    cannot spend what is there for all. It counts in this process, and recalls at the first call of
    a day what was spent before a restart. It holds no more contacts than the day has calls.
    """

    def __init__(self, per_day: int, per_contact: int, spent: Spent = nothing_spent) -> None:
        self._per_day = per_day
        self._per_contact = per_contact
        self._spent_since = spent
        self._lock = threading.Lock()
        self._day: datetime | None = None
        self._spent: Counter[ContactKey] = Counter()
        self._total = 0
        self._per_hour = max(per_day // _HOURS_TO_SPEND_A_DAY_IN, _MIN_PER_HOUR)
        self._hour: datetime | None = None
        self._in_hour = 0
        self._reported: str | None = None

    def take(self, contact: ContactKey, now: datetime) -> str | None:
        """Take one call, unless a limit is reached."""
        with self._lock:
            self._turn_to(now)
            if (spent := self._spent_for_all()) is not None:
                self._report(spent)
                return spent
            if self._spent[contact] >= self._per_contact:
                return f"the contact's budget of {self._per_contact} calls is spent until 00:00 UTC"
            self._spent[contact] += 1
            self._total += 1
            self._in_hour += 1
            return None

    def _spent_for_all(self) -> str | None:
        if self._total >= self._per_day:
            return f"the day's budget of {self._per_day} calls is spent until 00:00 UTC"
        if self._in_hour >= self._per_hour and self._hour is not None:
            until = self._hour + timedelta(hours=1)
            return f"the hour's share of {self._per_hour} calls is spent until {until:%H:%M} UTC"
        return None

    def _report(self, spent: str) -> None:
        if spent != self._reported:
            log.warning("model_budget_spent", because=spent, day=f"{self._day:%Y-%m-%d}")
        self._reported = spent

    def _turn_to(self, now: datetime) -> None:
        day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        # A clock set back a little over midnight must not spend the day before once more.
        if self._day is None or day > self._day:
            self._spent = Counter(self._spent_since(day))
            self._total = self._spent.total()
            self._day, self._reported = day, None
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self._hour is None or hour > self._hour:
            self._hour, self._in_hour = hour, 0
