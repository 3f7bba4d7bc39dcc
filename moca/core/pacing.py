from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.limiter import SlidingWindow
from moca.core.policy import SenderPolicy

_SECOND = timedelta(seconds=1)
_GUARD = timedelta(milliseconds=15)
"""What the way from the decision to Instagram may vary by; it keeps *their* window true too."""


@dataclass(slots=True)
class _Account:
    window: SlidingWindow
    rests_until: datetime | None = None


@dataclass(slots=True)
class Pacing:
    """The limits over all and per account, each exact in every window of one second."""

    policy: SenderPolicy
    _overall: SlidingWindow = field(init=False)
    _accounts: dict[str, _Account] = field(init=False)

    def __post_init__(self) -> None:
        self._overall = SlidingWindow(self.policy.per_second, _SECOND + _GUARD)
        self._accounts = defaultdict(
            lambda: _Account(SlidingWindow(self.policy.account_per_second, _SECOND + _GUARD))
        )

    def free_at(self, account_id: str, now: datetime, ahead: Counter[str]) -> datetime | None:
        """Tell when a call for this account may start; None if a call about to start decides.

        `ahead` counts, by account, the calls that are to start before it.
        """
        account = self._accounts[account_id]
        overall = self._overall.free_at(now, ahead.total())
        own = account.window.free_at(now, ahead[account_id])
        if overall is None or own is None:
            return None
        return max(overall, own, account.rests_until or now)

    def reserve(self, account_id: str) -> None:
        """Take a place for a call that is about to be made."""
        self._overall.reserve()
        self._accounts[account_id].window.reserve()

    def started(self, account_id: str, at: datetime) -> None:
        """Count a reserved call from when it was really made."""
        self._overall.started(at)
        self._accounts[account_id].window.started(at)

    def release(self, account_id: str) -> None:
        """Give back the place of a call that was never made."""
        self._overall.release()
        self._accounts[account_id].window.release()

    def count(self, account_id: str, at: datetime) -> None:
        """Count a call of an earlier run."""
        self._overall.count(at)
        self._accounts[account_id].window.count(at)

    def rests_until(self, account_id: str, now: datetime) -> datetime | None:
        """Tell until when an account rests; None while it does not."""
        until = self._accounts[account_id].rests_until
        return until if until is not None and until > now else None

    def rest(self, account_id: str, until: datetime) -> None:
        """Start nothing for an account before `until`."""
        account = self._accounts[account_id]
        account.rests_until = max(until, account.rests_until or until)
