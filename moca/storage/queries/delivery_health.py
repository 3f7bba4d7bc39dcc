from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from peewee import fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.storage.db.metric_tables import ArrivalHour, ReconciledAccount
from moca.storage.db.rows import read_rows
from moca.storage.queries.team.account_scope import narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDelivered:
    """How many messages of a day (UTC) came by webhook. The last 5 minutes are not counted yet."""

    day: date
    delivered: int
    missed: int
    """Found by reconciliation, or fetched after a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """The delivery of an account's webhooks."""

    account_id: str
    compared_until: datetime | None
    """Until when the account has been reconciled; None if never."""
    last_arrival_at: datetime | None
    quiet_since_at: datetime | None
    """Since when none arrives, if that is no accident."""
    quiet_because: str
    days: tuple[DayDelivered, ...]
    """Oldest first; days without messages are left out."""

    @property
    def share(self) -> float | None:
        """The share of these days' messages that came by webhook; None without messages."""
        delivered = sum(each.delivered for each in self.days)
        written = delivered + sum(each.missed for each in self.days)
        return delivered / written if written else None


def list_deliveries(
    since: datetime, scope: AccountScope = ALL_ACCOUNTS
) -> tuple[DeliveryRecord, ...]:
    """Return the delivery of each account's webhooks, by day since an instant."""
    days = _days(since)
    query = narrow(ReconciledAccount.select(), scope, ReconciledAccount.account_id)
    rows = query.order_by(ReconciledAccount.account_id)
    return tuple(
        DeliveryRecord(
            account_id=row.account_id,
            compared_until=row.compared_until,
            last_arrival_at=row.last_arrival_at,
            quiet_since_at=row.quiet_since_at,
            quiet_because=row.quiet_because,
            days=days.get(row.account_id, ()),
        )
        for row in rows
    )


def list_quiet(scope: AccountScope = ALL_ACCOUNTS) -> Mapping[str, str]:
    """Return why no webhooks arrive, by id of the accounts that have gone quiet."""
    is_quiet = ReconciledAccount.quiet_since_at.is_null(is_null=False)
    query = ReconciledAccount.select(
        ReconciledAccount.account_id, ReconciledAccount.quiet_because
    ).where(is_quiet)
    query = narrow(query, scope, ReconciledAccount.account_id)
    return dict(read_rows(query.order_by(ReconciledAccount.account_id)))


class WebhookShare(NamedTuple):
    """How many messages came by webhook, and how many were found or fetched."""

    delivered: int
    missed: int


def count_arrivals(
    since: datetime, scope: AccountScope = ALL_ACCOUNTS
) -> Mapping[str, WebhookShare]:
    """Return each account's arrivals since an instant, by account id; of whole hours."""
    columns = (fn.SUM(ArrivalHour.delivered), fn.SUM(ArrivalHour.missed))
    query = ArrivalHour.select(ArrivalHour.account_id, *columns).where(ArrivalHour.hour >= since)
    rows = read_rows(narrow(query, scope, ArrivalHour.account_id).group_by(ArrivalHour.account_id))
    return {account_id: WebhookShare(*map(int, counts)) for account_id, *counts in rows}


def _days(since: datetime) -> dict[str, tuple[DayDelivered, ...]]:
    found: dict[str, dict[date, list[int]]] = defaultdict(dict)
    columns = (
        ArrivalHour.account_id,
        ArrivalHour.hour,
        ArrivalHour.delivered,
        ArrivalHour.missed,
    )
    query = ArrivalHour.select(*columns).where(ArrivalHour.hour >= since)
    for account_id, hour, delivered, missed in read_rows(query.order_by(ArrivalHour.hour)):
        counts = found[account_id].setdefault(hour.date(), [0, 0])
        counts[0] += delivered
        counts[1] += missed
    return {
        account_id: tuple(
            DayDelivered(day=day, delivered=delivered, missed=missed)
            for day, (delivered, missed) in days.items()
        )
        for account_id, days in found.items()
    }
