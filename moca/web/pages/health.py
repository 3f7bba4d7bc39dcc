from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from moca import clock
from moca.core.account_scope import AccountScope
from moca.core.metrics import Metric, minute_of
from moca.core.types import ItemStatus, Outcome
from moca.storage.queries.accounts import (
    AccountRecord,
    last_heard_by_account,
    last_webhook_at,
    list_accounts,
    names_of,
)
from moca.storage.queries.cluster import read_cluster
from moca.storage.queries.delivery_health import count_arrivals, list_quiet
from moca.storage.queries.queue import list_items
from moca.storage.queries.stats import list_metrics
from moca.web.auth.account_scope import asked_account, asked_scope
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import OK, WebPorts
from moca.web.errors import Problem
from moca.web.live_pages import LivePages
from moca.web.metrics.probes import health_of, parts_of
from moca.web.metrics.prometheus import Metrics
from moca.web.presenters import charts
from moca.web.presenters.charts import BARS, Chart, ChartLine, Frame
from moca.web.presenters.warnings import account_states, warnings_of

_HOURS = {"1": "Last hour", "6": "Last 6 hours", "24": "Last day", "168": "Last week"}
_REFRESHED_EVERY = 10
_ARRIVALS_COUNTED = timedelta(days=7)
_FAILURES_SHOWN = 8
_REFUSED = ("400", "403", "404", "408", "413", "503")
_FAULTS = {
    "throttled": "throttled",
    "rejected": "refused by Instagram",
    "undelivered": "not delivered",
    "unconfirmed": "unconfirmed",
    "accountstopped": "account stopped",
}

_MISSED = ("missing", "found")
"""Fetched after a hint, or found in Instagram's record."""


def health_pages(ports: WebPorts, access: Guards, live: LivePages, metrics: Metrics) -> Blueprint:
    """Return the health page."""
    routes = Blueprint("health_pages", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/health")
    def health() -> Response:
        hours = request.args.get("hours", "1")
        if hours not in _HOURS:
            raise Problem(404, "Choose 1, 6, 24 or 168 hours.")
        return live.show("health.html", _version, lambda: _shown(hours, ports, metrics))

    return routes


def _version() -> str:
    return str(int(clock.now().timestamp()) // _REFRESHED_EVERY)


def _shown(hours: str, ports: WebPorts, metrics: Metrics) -> dict[str, Any]:
    now, scope = clock.now(), asked_scope()
    accounts, heard_at = list_accounts(scope), last_heard_by_account()
    arrivals = count_arrivals(now - _ARRIVALS_COUNTED, scope)
    health = health_of(ports)
    connected = {each.account_id for each in accounts}
    frame = _frame(now, timedelta(hours=int(hours)))
    minutes = (
        *list_metrics(frame.begins_at, frame.width, scope),
        *(each for each in metrics.minutes.held() if _is_counted(each, scope)),
    )
    return {
        "at": "health",
        "account_names": names_of(list_accounts(current_scope())),
        "account_id": asked_account(),
        "hours": hours,
        "choices": _HOURS,
        "charts": _charts(minutes, frame, scope),
        "parts": parts_of(health),
        "process_status": ports.process_status(),
        "cluster": read_cluster(now),
        "accounts": [_account(each, now, heard_at.get(each.account_id)) for each in accounts],
        "arrivals": arrivals,
        "others": {
            name: problem
            for name, problem in health.accounts.items()
            if name not in connected and scope.includes(name)
        },
        "warnings": warnings_of([each.token for each in accounts], list_quiet(scope), now),
        "is_about_all": not scope.is_limited,
        "webhooks": _webhooks(minutes, frame),
        "last_webhook_at": last_webhook_at(),
        "failures": list_items(limit=_FAILURES_SHOWN, status=ItemStatus.FAILED, scope=scope).items,
    }


def _frame(now: datetime, length: timedelta) -> Frame:
    width = length // BARS
    last = datetime.fromtimestamp(
        int(now.timestamp()) // int(width.total_seconds()) * int(width.total_seconds()), now.tzinfo
    )
    return Frame(minute_of(last) - (BARS - 1) * width, width)


def _is_counted(metric: Metric, scope: AccountScope) -> bool:
    return scope.includes(metric.account_id) if scope.is_limited else not metric.account_id


def _charts(metrics: tuple[Metric, ...], frame: Frame, scope: AccountScope) -> tuple[Chart, ...]:
    taken = ChartLine("good", "accepted", ("webhook.200",))
    refused = ChartLine("bad", "refused", tuple(f"webhook.{status}" for status in _REFUSED))
    ends = [ChartLine(each, each, (f"outcome.{each}",)) for each in Outcome]
    faults = [ChartLine(name, label, (f"call.{name}",)) for name, label in _FAULTS.items()]
    # A webhook may carry messages of several accounts, so these are known of all together only.
    of_all = (
        charts.counts("webhooks", "Webhooks", (taken, refused), metrics, frame),
        charts.spans("acks", "Webhook response time", "ack", metrics, frame),
    )
    return (
        *(() if scope.is_limited else of_all),
        charts.counts("outcomes", "Messages by outcome", ends, metrics, frame),
        charts.spans("replies", "Time to reply", "reply", metrics, frame),
        charts.counts("failures", "Failed send calls by reason", faults, metrics, frame),
    )


def _account(account: AccountRecord, now: datetime, heard_at: datetime | None) -> dict[str, Any]:
    state = account_states([account.token], now)[account.account_id]
    return {
        "record": account,
        "is_fine": state == OK,
        "state": state,
        "heard_at": heard_at,
    }


def _webhooks(metrics: tuple[Metric, ...], frame: Frame) -> Mapping[str, int]:
    within = [each for each in metrics if each.minute >= frame.begins_at]
    delivered = sum(each.count for each in within if each.name == "webhook.200")
    missed = sum(each.count for each in within if each.name in _MISSED)
    return {"delivered": delivered, "missed": missed}
