import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from moca import clock
from moca.core.reports import median_of
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.reports import ReportCount, list_arrivals, list_report_counts
from moca.web.auth.account_scope import asked_account
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.presenters.reports import report_of

_DAYS = {"7": "7 days", "30": "30 days", "90": "90 days"}
_HEADINGS = ("day", "account", "measure", "subject", "count", "median_seconds")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Period(NamedTuple):
    days: list[date]
    starts: list[datetime]
    """When each day begins."""
    account_id: str | None


def report_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the administrators' page of figures about the team and the bot."""
    routes = Blueprint("reports", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    zone = ZoneInfo(config.zone)

    @routes.get("/reports")
    def reports() -> str:
        period = _period(zone)
        with ports.database.connection_context():
            accounts = list_accounts()
            found = list_report_counts(period.starts, period.account_id)
            arrivals = list_arrivals(period.starts[0], period.account_id)
        return render_template(
            "reports.html",
            frame="layout.html",
            at="reports",
            report=report_of(found.counts, arrivals, period.days, zone),
            period=period,
            choices=_DAYS,
            zone=config.zone,
            complete_since=found.complete_since.astimezone(zone).date(),
            names=names_of(accounts),
        )

    @routes.get("/reports.csv")
    def as_csv() -> Response:
        period = _period(zone)
        file = StringIO()
        writer = csv.writer(file)
        writer.writerow(_HEADINGS)
        with ports.database.connection_context():
            for day, since, until in zip(*period[:2], [*period.starts[1:], None], strict=True):
                found = list_report_counts([since], period.account_id, until=until)
                writer.writerows(_rows(day, found.counts))
        name = f"moca-reports-{period.days[0]}-{period.days[-1]}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(file.getvalue(), mimetype="text/csv", headers=headers)

    return routes


def _period(zone: ZoneInfo) -> _Period:
    length = request.args.get("days", "7")
    if length not in _DAYS:
        raise Problem(404, "Choose 7, 30 or 90 days.")
    now = clock.now()
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(int(length)))]
    starts = [datetime.combine(day, time(), zone).astimezone(now.tzinfo) for day in days]
    return _Period(days, starts, asked_account())


def _rows(day: date, counts: Iterable[ReportCount]) -> Iterator[list[object]]:
    grouped: dict[tuple[str, ...], dict[int, int]] = {}
    for each in counts:
        key = (each.account_id, each.measure, each.subject)
        grouped.setdefault(key, {})[each.bucket] = each.count
    for names, buckets in sorted(grouped.items()):
        median = median_of(buckets)
        took = "" if set(buckets) == {0} or median is None else round(median.total_seconds())
        yield [day.isoformat(), *map(_harmless, names), sum(buckets.values()), took]


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
