import csv
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from moca import clock
from moca.core.reports import median_of
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.reports import ReportCount, list_arrivals, list_report_counts
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.presenters.reports import report_of

_DAYS = {"7": "7 days", "30": "30 days", "90": "90 days"}
_HEADINGS = ("day", "account", "measure", "subject", "count", "median_seconds")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Period(NamedTuple):
    days: list[date]
    since: datetime
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
            counts = list_report_counts(period.since, period.account_id)
            arrivals = list_arrivals(period.since, period.account_id)
        return render_template(
            "reports.html",
            frame="layout.html",
            at="reports",
            report=report_of(counts, arrivals, period.days, zone),
            period=period,
            choices=_DAYS,
            zone=config.zone,
            names={each.account_id: each.username or each.name for each in accounts},
        )

    @routes.get("/reports.csv")
    def as_csv() -> Response:
        period = _period(zone)
        with ports.database.connection_context():
            counts = list_report_counts(period.since, period.account_id)
        name = f"moca-reports-{period.days[0]}-{period.days[-1]}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_written(counts, zone), mimetype="text/csv", headers=headers)

    return routes


def _period(zone: ZoneInfo) -> _Period:
    length = request.args.get("days", "7")
    if length not in _DAYS:
        raise Problem(404, "Choose 7, 30 or 90 days.")
    now = clock.now()
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(int(length)))]
    since = datetime.combine(days[0], time(), zone).astimezone(now.tzinfo)
    return _Period(days, since, request.args.get("account") or None)


def _written(counts: Iterable[ReportCount], zone: ZoneInfo) -> str:
    grouped: dict[tuple[str, ...], dict[int, int]] = {}
    for each in counts:
        day = each.hour.astimezone(zone).date().isoformat()
        buckets = grouped.setdefault((day, each.account_id, each.measure, each.subject), {})
        buckets[each.bucket] = buckets.get(each.bucket, 0) + each.count
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(_HEADINGS)
    for key, buckets in sorted(grouped.items()):
        median = median_of(buckets)
        took = "" if set(buckets) == {0} or median is None else round(median.total_seconds())
        writer.writerow([*map(_harmless, key), sum(buckets.values()), took])
    return file.getvalue()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
