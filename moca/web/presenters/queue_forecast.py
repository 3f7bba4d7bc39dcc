from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.outbox.forecast import Limits, WaitingReply, forecast
from moca.core.types import ItemStatus
from moca.storage.queries.queue import count_queue, frozen_since
from moca.storage.queries.queue_forecast import (
    account_problems,
    first_delayed,
    first_waiting,
    rests_of_accounts,
)
from moca.web.config import WebConfig

_LOOKED_AT = 5_000
_NAMED = 50
_LONG = 500
_MAX_READERS = 50
"""How many scopes' forecasts are kept."""
_STANDS_FOR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueForecast:
    """The queue's future at today's limits; while it is frozen, as if released now."""

    drains_at: datetime
    """When the last reply goes that can go; now if none can."""
    looked_at: int
    pending: int
    sendable: int
    """How many of the pending and delayed replies can go."""
    delayed: int
    """Held replies that go by themselves, and are looked at as well."""
    drafts: int
    """Held replies that wait for approval: it cannot be known when they go."""
    account_problems: Mapping[str, str]
    """Why accounts with such replies cannot send, by account id."""
    falling_out: tuple[WaitingReply, ...]
    """The first replies whose window closes before their turn."""
    falling_out_count: int
    frozen_since: datetime | None


class ForecastCache:
    """Shares the forecast among readers of the same page; refreshed less often for long queues."""

    def __init__(self, config: WebConfig) -> None:
        self._config = config
        self._last: dict[AccountScope, tuple[datetime, QueueForecast]] = {}

    def look(self, now: datetime, scope: AccountScope = ALL_ACCOUNTS) -> QueueForecast:
        """Return the forecast, at most some seconds old; the database must be connected."""
        last = self._last.get(scope)
        if last is not None and last[1].pending > _LONG and abs(now - last[0]) < _STANDS_FOR:
            return replace(last[1], frozen_since=frozen_since())
        seen = forecast_queue(self._config, now, scope)
        if len(self._last) >= _MAX_READERS:
            self._last.clear()
        self._last[scope] = (now, seen)
        return seen


def forecast_queue(
    config: WebConfig, now: datetime, scope: AccountScope = ALL_ACCOUNTS
) -> QueueForecast:
    """Compute the forecast of the replies in scope; the database must be connected."""
    limits = Limits(
        per_second=config.per_second,
        account_per_second=config.account_per_second,
        user_cooldown=config.user_cooldown,
        rests=rests_of_accounts(now),
    )
    problems = account_problems(now)
    pending_first, delayed = first_waiting(_LOOKED_AT, scope), first_delayed(_LOOKED_AT, scope)
    first = (*pending_first, *delayed)
    waiting = [each for each in first if each.contact.account_id not in problems]
    stopped = {each.contact.account_id for each in first} & problems.keys()
    counts = count_queue(scope)
    pending = counts[ItemStatus.PENDING]
    expected = forecast(waiting, limits, now, max(pending - len(pending_first), 0))
    kept_back = len(first) - len(waiting)
    return QueueForecast(
        drains_at=expected.drains_at,
        looked_at=expected.looked_at,
        pending=pending,
        sendable=pending + len(delayed) - kept_back - len(expected.falling_out),
        account_problems={each: problems[each] for each in sorted(stopped)},
        falling_out=expected.falling_out[:_NAMED],
        falling_out_count=len(expected.falling_out),
        delayed=len(delayed),
        drafts=max(counts[ItemStatus.HELD] - len(delayed), 0),
        frozen_since=frozen_since(),
    )
