from dataclasses import dataclass
from datetime import datetime

from peewee import fn

from moca.core.reports import Measure
from moca.storage.db.metric_tables import ArrivalHour, ReportHour
from moca.storage.db.rows import read_rows

_MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class ReportCount:
    """How often something happened in an hour."""

    hour: datetime
    account_id: str
    measure: Measure
    subject: str
    bucket: int
    """See `core.reports.bucket_of`."""
    count: int


def list_report_counts(since: datetime, account_id: str | None) -> tuple[ReportCount, ...]:
    """Return what reports count since an instant, of one account or of all, oldest first.

    If there are very many counts, the newest are left out.
    """
    query = ReportHour.select(
        ReportHour.hour,
        ReportHour.account_id,
        ReportHour.measure,
        ReportHour.subject,
        ReportHour.bucket,
        ReportHour.count,
    ).where(ReportHour.hour >= since)
    if account_id is not None:
        query = query.where(ReportHour.account_id == account_id)
    key = (ReportHour.hour, ReportHour.account_id, ReportHour.measure, ReportHour.subject)
    rows = read_rows(query.order_by(*key, ReportHour.bucket).limit(_MOST_ROWS))
    return tuple(
        ReportCount(hour, account, Measure(measure), subject, bucket, int(count))
        for hour, account, measure, subject, bucket, count in rows
    )


def list_arrivals(since: datetime, account_id: str | None) -> dict[datetime, int]:
    """Return how many messages contacts wrote, by hour; hours are kept for a month."""
    columns = (ArrivalHour.hour, fn.SUM(ArrivalHour.delivered + ArrivalHour.missed))
    query = ArrivalHour.select(*columns).where(ArrivalHour.hour >= since)
    if account_id is not None:
        query = query.where(ArrivalHour.account_id == account_id)
    return {hour: int(count) for hour, count in read_rows(query.group_by(ArrivalHour.hour))}
