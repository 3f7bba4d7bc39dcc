import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Protocol

from moca.core.contact import ContactKey

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


class DailyBudget:
    """So many calls a day (UTC) over all and to one contact; hard stops.

    It counts in this process, and recalls at the first call of a day what was spent before a
    restart. It holds no more contacts than the day has calls.
    """

    def __init__(self, per_day: int, per_contact: int, spent: Spent = nothing_spent) -> None:
        self._per_day = per_day
        self._per_contact = per_contact
        self._spent_since = spent
        self._lock = threading.Lock()
        self._day: datetime | None = None
        self._spent: Counter[ContactKey] = Counter()
        self._total = 0

    def take(self, contact: ContactKey, now: datetime) -> str | None:
        """Take one call, unless a limit is reached."""
        with self._lock:
            self._turn_to(now)
            if self._total >= self._per_day:
                return f"the day's budget of {self._per_day} calls is spent until 00:00 UTC"
            if self._spent[contact] >= self._per_contact:
                return f"the contact's budget of {self._per_contact} calls is spent until 00:00 UTC"
            self._spent[contact] += 1
            self._total += 1
            return None

    def _turn_to(self, now: datetime) -> None:
        day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        # A clock set back a little over midnight must not spend the day before once more.
        if self._day is None or day > self._day:
            self._spent = Counter(self._spent_since(day))
            self._total = self._spent.total()
            self._day = day
