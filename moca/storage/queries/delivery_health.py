from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from moca.storage.db.metric_tables import ArrivalHour, Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDelivered:
    """How much of what was written in a day (UTC) came by webhook; younger than 5 min is not in."""

    day: date
    delivered: int
    missed: int
    """Found in Instagram's record, or fetched by a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """How well an account's webhooks come."""

    account_id: str
    compared_until: datetime | None
    """Up to when Instagram's record was compared; None where it never was."""
    last_arrival_at: datetime | None
    quiet_since_at: datetime | None
    """Since when none comes, where that is no accident."""
    quiet_because: str
    days: tuple[DayDelivered, ...]
    """Oldest first; days without any are left out."""

    @property
    def share(self) -> float | None:
        """How much of all that was written in these days came by webhook; None of nothing."""
        delivered = sum(each.delivered for each in self.days)
        written = delivered + sum(each.missed for each in self.days)
        return delivered / written if written else None


def list_deliveries(since: datetime) -> tuple[DeliveryRecord, ...]:
    """List how well each account's webhooks came in the days from an instant on."""
    days = _days(since)
    rows: Any = Comparison.select().order_by(Comparison.account_id)
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


def list_quiet() -> Mapping[str, str]:
    """Tell by account why no webhook comes, of those that have gone quiet."""
    is_quiet = Comparison.quiet_since_at.is_null(is_null=False)
    query: Any = Comparison.select(Comparison.account_id, Comparison.quiet_because).where(is_quiet)
    return dict(query.order_by(Comparison.account_id).tuples())


def _days(since: datetime) -> dict[str, tuple[DayDelivered, ...]]:
    found: dict[str, dict[date, list[int]]] = defaultdict(dict)
    columns = (
        ArrivalHour.account_id,
        ArrivalHour.hour,
        ArrivalHour.delivered,
        ArrivalHour.missed,
    )
    query: Any = ArrivalHour.select(*columns).where(ArrivalHour.hour >= since)
    for account_id, hour, delivered, missed in query.order_by(ArrivalHour.hour).tuples():
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
