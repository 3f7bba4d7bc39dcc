from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from moca import clock
from moca.core.metrics import Figure, minute_of
from moca.core.types import ItemStatus, Outcome
from moca.storage.queries.accounts import (
    AccountRecord,
    last_heard_by_account,
    last_webhook_at,
    list_accounts,
)
from moca.storage.queries.cluster import read_cluster
from moca.storage.queries.delivery_health import list_quiet
from moca.storage.queries.queue import list_items
from moca.storage.queries.stats import list_figures
from moca.web.auth.guards import Access
from moca.web.config import OK, Ports
from moca.web.errors import Problem
from moca.web.live_pages import Live
from moca.web.metrics.probes import health_of, parts_of
from moca.web.metrics.prometheus import Metrics
from moca.web.presenters import charts
from moca.web.presenters.charts import BARS, Chart, Frame, Line
from moca.web.presenters.warnings import account_states, warnings_of

_HOURS = {"1": "last hour", "6": "last 6 hours", "24": "last day", "168": "last week"}
_REFRESHED_EVERY = 10
_FAILURES_SHOWN = 8
_REFUSED = ("400", "403", "404", "408", "413", "503")
_FAULTS = {
    "throttled": "throttled",
    "rejected": "refused by Instagram",
    "undelivered": "not delivered",
    "unconfirmed": "not confirmed",
    "accountstopped": "account stopped",
}

_MISSED = ("missing", "found")
"""Fetched by a hint, or found in Instagram's record."""


def health_pages(ports: Ports, access: Access, live: Live, metrics: Metrics) -> Blueprint:
    """Build the page that tells how everything is."""
    routes = Blueprint("health_pages", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/health")
    def health() -> Response:
        hours = request.args.get("hours", "1")
        if hours not in _HOURS:
            raise Problem(404, "There are pictures of the last 1, 6, 24 and 168 hours.")
        return live.show("health.html", _version, lambda: _shown(hours, ports, metrics))

    return routes


def _version() -> str:
    return str(int(clock.now().timestamp()) // _REFRESHED_EVERY)


def _shown(hours: str, ports: Ports, metrics: Metrics) -> dict[str, Any]:
    now, accounts, heard_at = clock.now(), list_accounts(), last_heard_by_account()
    health = health_of(ports)
    connected = {each.account_id for each in accounts}
    frame = _frame(now, timedelta(hours=int(hours)))
    figures = (*list_figures(frame.begins_at, frame.width), *metrics.minutes.held())
    return {
        "at": "health",
        "hours": hours,
        "choices": _HOURS,
        "pictures": _pictures(figures, frame),
        "parts": parts_of(health),
        "vitals": ports.vitals(),
        "cluster": read_cluster(now),
        "accounts": [_account(each, now, heard_at.get(each.account_id)) for each in accounts],
        "others": {name: told for name, told in health.accounts.items() if name not in connected},
        "warnings": warnings_of([each.token for each in accounts], list_quiet(), now),
        "webhooks": _webhooks(figures, frame),
        "last_webhook_at": last_webhook_at(),
        "failures": list_items(limit=_FAILURES_SHOWN, status=ItemStatus.FAILED).items,
    }


def _frame(now: datetime, length: timedelta) -> Frame:
    width = length // BARS
    last = datetime.fromtimestamp(
        int(now.timestamp()) // int(width.total_seconds()) * int(width.total_seconds()), now.tzinfo
    )
    return Frame(minute_of(last) - (BARS - 1) * width, width)


def _pictures(figures: tuple[Figure, ...], frame: Frame) -> tuple[Chart, ...]:
    taken = Line("good", "taken in", ("webhook.200",))
    refused = Line("bad", "refused", tuple(f"webhook.{status}" for status in _REFUSED))
    ends = [Line(each, each, (f"outcome.{each}",)) for each in Outcome]
    faults = [Line(name, label, (f"call.{name}",)) for name, label in _FAULTS.items()]
    return (
        charts.counts("webhooks", "Webhooks", (taken, refused), figures, frame),
        charts.spans("acks", "Time to acknowledge a webhook", "ack", figures, frame),
        charts.counts("outcomes", "How messages ended", ends, figures, frame),
        charts.spans("replies", "From a message to its reply", "reply", figures, frame),
        charts.counts("failures", "Calls that did not deliver, by reason", faults, figures, frame),
    )


def _account(account: AccountRecord, now: datetime, heard_at: datetime | None) -> dict[str, Any]:
    state = account_states([account.token], now)[account.account_id]
    return {
        "record": account,
        "is_fine": state == OK,
        "state": state,
        "heard_at": heard_at,
    }


def _webhooks(figures: tuple[Figure, ...], frame: Frame) -> Mapping[str, int]:
    within = [each for each in figures if each.minute >= frame.begins_at]
    delivered = sum(each.count for each in within if each.name == "webhook.200")
    missed = sum(each.count for each in within if each.name in _MISSED)
    return {"delivered": delivered, "missed": missed}
