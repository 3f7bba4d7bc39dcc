from collections import OrderedDict
from datetime import datetime, timedelta

from moca.core.outbox.rate_limits import SlidingWindow

_SECOND = timedelta(seconds=1)
_WAITED_FOR_AT_MOST = 2 * _SECOND
"""A later instant was recorded before the clock was set back."""
_ACCOUNTS_KEPT = 1000


class ReadBudget:
    """Limits the reads per second of each account's record, across all readers.

    A required read asks when it may run (`free_at`) and has precedence: while one waits, an
    optional read (`take`) is refused. Not thread-safe.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._windows: OrderedDict[str, SlidingWindow] = OrderedDict()
        self._waited_for: dict[str, datetime] = {}

    def free_at(self, account_id: str, now: datetime, calls: int) -> datetime:
        """Return when `calls` reads may be made at once; `calls` is at most one second's limit."""
        free_at = self._window(account_id).free_at(now, calls - 1) or now + _SECOND
        if free_at > now:
            self._waited_for[account_id] = free_at + _SECOND
        return free_at

    def count(self, account_id: str, now: datetime, calls: int) -> None:
        """Count reads that are made now."""
        self._waited_for.pop(account_id, None)
        window = self._window(account_id)
        for _ in range(calls):
            window.count(now)

    def take(self, account_id: str, now: datetime, calls: int = 1) -> bool:
        """Count reads if they may be made now and no required read waits.

        Return whether they may.
        """
        if now < self._waited_for.get(account_id, now) <= now + _WAITED_FOR_AT_MOST:
            return False
        if self._window(account_id).free_at(now, calls - 1) != now:
            return False
        self.count(account_id, now, calls)
        return True

    def _window(self, account_id: str) -> SlidingWindow:
        window = self._windows.get(account_id)
        if window is None:
            window = self._windows[account_id] = SlidingWindow(self._per_second, _SECOND)
        self._windows.move_to_end(account_id)
        if len(self._windows) > _ACCOUNTS_KEPT:
            oldest, _ = self._windows.popitem(last=False)
            self._waited_for.pop(oldest, None)
        return window
