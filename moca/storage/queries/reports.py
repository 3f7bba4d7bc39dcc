from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from peewee import fn

from moca.core.reports import Measure
from moca.storage.db.metric_tables import ArrivalHour, ReportHour
from moca.storage.db.rows import read_rows

MAX_COUNTS = 100_000
"""How many counts are read at once. Reports of a small team have some hundreds a day."""


@dataclass(frozen=True, slots=True)
class ReportCount:
    """How often something happened in a stretch of time."""

    since: datetime
    """When the stretch began."""
    account_id: str
    measure: Measure
    subject: str
    bucket: int
    """See `core.reports.bucket_of`."""
    count: int


class ReportCounts(NamedTuple):
    """What reports count, oldest first."""

    counts: tuple[ReportCount, ...]
    complete_since: datetime
    """Since when nothing is left out."""


def list_report_counts(
    starts: Sequence[datetime], account_id: str | None, *, until: datetime | None = None
) -> ReportCounts:
    """Return what reports count between each of these instants and the next.

    Once there are more than `MAX_COUNTS`, earlier stretches are left out.

    Args:
        starts: The beginnings of the stretches, oldest first.
        account_id: The account, or None for all.
        until: The end of the last stretch; None for now.
    """
    stretches: list[tuple[ReportCount, ...]] = []
    number = 0
    for since in reversed(starts):
        stretches.append(_counts(since, until, account_id))
        until, number = since, number + len(stretches[-1])
        if number > MAX_COUNTS:
            break
    counts = tuple(each for stretch in reversed(stretches) for each in stretch)
    return ReportCounts(counts, until or starts[0])


def _counts(
    since: datetime, until: datetime | None, account_id: str | None
) -> tuple[ReportCount, ...]:
    key = (ReportHour.account_id, ReportHour.measure, ReportHour.subject, ReportHour.bucket)
    query = ReportHour.select(*key, fn.SUM(ReportHour.count)).where(ReportHour.hour >= since)
    if until is not None:
        query = query.where(ReportHour.hour < until)
    if account_id is not None:
        query = query.where(ReportHour.account_id == account_id)
    return tuple(
        ReportCount(since, account, Measure(measure), subject, bucket, int(count))
        for account, measure, subject, bucket, count in read_rows(
            query.group_by(*key).order_by(*key)
        )
    )


def list_arrivals(since: datetime, account_id: str | None) -> dict[datetime, int]:
    """Return how many messages contacts wrote, by hour; hours are kept for a month."""
    columns = (ArrivalHour.hour, fn.SUM(ArrivalHour.delivered + ArrivalHour.missed))
    query = ArrivalHour.select(*columns).where(ArrivalHour.hour >= since)
    if account_id is not None:
        query = query.where(ArrivalHour.account_id == account_id)
    return {hour: int(count) for hour, count in read_rows(query.group_by(ArrivalHour.hour))}
