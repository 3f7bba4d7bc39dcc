from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.outbox.delivery import NotBegun

RATE_LIMITED = "the account was rate limited before its turn"
"""Why a claimed reply whose account rests by now is given back."""


@dataclass(frozen=True, slots=True)
class RestingAccount:
    """An account that makes no calls for now."""

    account_id: str
    until: datetime
    is_stopped: bool = False
    """Whether an operator can end it, by fixing the account; else Instagram asked to wait."""


@dataclass(slots=True)
class _Wait:
    until: datetime
    span: timedelta
    """The span at the start; caps the wait if the clock is set back."""

    def ends_at(self, now: datetime) -> datetime:
        self.until = min(self.until, now + self.span)
        return self.until


class AccountRests:
    """Tracks until when no call is made for an account. One thread writes; any thread may read."""

    def __init__(self) -> None:
        self._rests: dict[str, _Wait] = {}
        """Rests that Instagram asked for."""
        self._stops: dict[str, _Wait] = {}
        """Stops that end as soon as an operator fixes the account."""

    def rest(self, account_id: str, until: datetime, now: datetime) -> None:
        """Make no call for the account before `until`. A longer rest stays in force."""
        rests_until = self._ends_at(self._rests, account_id, now)
        if rests_until is None or rests_until < until:
            self._rests[account_id] = _Wait(until, until - now)

    def stop(self, account_id: str, until: datetime, now: datetime) -> None:
        """Make no call for the account before `until`, unless `wake` is called first."""
        self._stops[account_id] = _Wait(until, until - now)

    def wake(self, account_id: str) -> None:
        """End a stop. A rest that Instagram asked for stays in force."""
        self._stops.pop(account_id, None)

    def forget_stops(self) -> None:
        """End all stops, because what fixed an account may have been missed."""
        self._stops.clear()

    def until(self, account_id: str, now: datetime) -> datetime | None:
        """Return when calls may be made again, or None if they may be made now."""
        if account_id not in self._rests and account_id not in self._stops:
            return None
        ends = (self._ends_at(waits, account_id, now) for waits in (self._rests, self._stops))
        return max((end for end in ends if end is not None), default=None)

    def obstacle(self, account_id: str, now: datetime) -> NotBegun | None:
        """Return what holds a call of the account back, changing nothing."""
        waits = (self._rests.get(account_id), self._stops.get(account_id))
        ends = [min(each.until, now + each.span) for each in waits if each and each.until > now]
        if not ends:
            return None
        return NotBegun(RATE_LIMITED, max(ends))

    def resting(self, after: datetime, now: datetime) -> dict[str, datetime]:
        """Return the accounts that rest or are stopped beyond `after`, and until when."""
        account_ids = {*self._rests, *self._stops}
        ends = {each: self.until(each, now) for each in account_ids}
        return {each: end for each, end in ends.items() if end is not None and end > after}

    @staticmethod
    def _ends_at(waits: dict[str, _Wait], account_id: str, now: datetime) -> datetime | None:
        wait = waits.get(account_id)
        if wait is None:
            return None
        if wait.ends_at(now) > now:
            return wait.until
        waits.pop(account_id, None)
        return None
