from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Wait:
    until: datetime
    span: timedelta
    """How long it was when it began: no clock that is set back makes it longer."""

    def ends_at(self, now: datetime) -> datetime:
        self.until = min(self.until, now + self.span)
        return self.until


class AccountRests:
    """Until when no call is made for an account. One thread writes at a time; any may read."""

    def __init__(self) -> None:
        self._rests: dict[str, _Wait] = {}
        """Because Instagram asked for it."""
        self._stops: dict[str, _Wait] = {}
        """Because a person must act; over as soon as one did."""

    def rest(self, account_id: str, until: datetime, now: datetime) -> None:
        """Make no call before `until`; a longer rest stands."""
        rests_until = self._ends_at(self._rests, account_id, now)
        if rests_until is None or rests_until < until:
            self._rests[account_id] = _Wait(until, until - now)

    def stop(self, account_id: str, until: datetime, now: datetime) -> None:
        """Make no call before `until`, unless the account is woken."""
        self._stops[account_id] = _Wait(until, until - now)

    def wake(self, account_id: str) -> None:
        """End a stop; a rest that Instagram asked for stands."""
        self._stops.pop(account_id, None)

    def until(self, account_id: str, now: datetime) -> datetime | None:
        """Return when calls may be made again, or None if they may be made now."""
        if account_id not in self._rests and account_id not in self._stops:
            return None
        ends = (self._ends_at(waits, account_id, now) for waits in (self._rests, self._stops))
        return max((end for end in ends if end is not None), default=None)

    def resting(self, after: datetime, now: datetime) -> dict[str, datetime]:
        """Return which accounts rest or are stopped past an instant, and until when."""
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
