from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moca.core.outbox.forecast import Limits, Waiting, forecast
from moca.core.types import ItemStatus
from moca.storage.queries.freeze import frozen_since
from moca.storage.queries.queue import count_queue
from moca.storage.queries.queue_forecast import first_waiting, rests_of_accounts
from moca.web.config import WebConfig

_LOOKED_AT = 5_000
_NAMED = 50
_LONG = 500
_STANDS_FOR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What becomes of the queue at today's limits; while it is frozen, as if released now."""

    drains_at: datetime
    looked_at: int
    pending: int
    falling_out: tuple[Waiting, ...]
    """The first of those whose window shuts before their turn."""
    falling_out_count: int
    frozen_since: datetime | None


class Lookout:
    """Looks ahead for many who look at the same page; at a long queue less often. Any thread."""

    def __init__(self, config: WebConfig) -> None:
        self._config = config
        self._last: tuple[datetime, Outlook] | None = None

    def look(self, now: datetime) -> Outlook:
        """Look ahead, with the database connected; at most some seconds old."""
        last = self._last
        if last is not None and last[1].pending > _LONG and abs(now - last[0]) < _STANDS_FOR:
            return replace(last[1], frozen_since=frozen_since())
        seen = outlook(self._config, now)
        self._last = (now, seen)
        return seen


def outlook(config: WebConfig, now: datetime) -> Outlook:
    """Look ahead, with the database connected."""
    limits = Limits(
        per_second=config.per_second,
        account_per_second=config.account_per_second,
        user_cooldown=config.user_cooldown,
        rests=rests_of_accounts(now),
    )
    waiting = first_waiting(_LOOKED_AT)
    pending = count_queue()[ItemStatus.PENDING]
    told = forecast(waiting, limits, now, max(pending - len(waiting), 0))
    return Outlook(
        drains_at=told.drains_at,
        looked_at=told.looked_at,
        pending=pending,
        falling_out=told.falling_out[:_NAMED],
        falling_out_count=len(told.falling_out),
        frozen_since=frozen_since(),
    )
