from dataclasses import dataclass
from datetime import datetime

from moca.core.forecast import Limits, Waiting, forecast
from moca.core.vocabulary import ItemStatus
from moca.storage.reads.forecasting import first_waiting, rests_of_accounts
from moca.storage.reads.freezing import frozen_since
from moca.storage.reads.queue import count_queue
from moca.web.config import WebConfig

_LOOKED_AT = 5_000
_NAMED = 50


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
