from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.core.types import ItemStatus
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.queue import count_queue, frozen_since, list_items, read_item
from moca.storage.queries.records import QueueItemRecord
from moca.web.auth.account_scope import asked_account, asked_scope
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import BESIDE_THE_FORM, Problem, problem_response
from moca.web.forms import show_problems, text_field
from moca.web.live_pages import LivePages
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presenters.queue_forecast import ForecastCache

_SHOWN = 40
_WORDS = "'cancel', 'retry', 'arrived', 'lost'"


def queue_pages(ports: WebPorts, config: WebConfig, access: Guards, live: LivePages) -> Blueprint:
    """Return the page of the outbox, and the actions on its items."""
    routes = Blueprint("queue_pages", __name__)
    routes.before_request(access.guard_page)
    forecasts = ForecastCache(config)

    def show_problem(problem: Problem) -> Response:
        """Return the queue with the problem above it."""
        if problem.status not in BESIDE_THE_FORM or request.method != "POST":
            return problem_response(problem)
        shown = {"problem": problem.message}
        answer = live.page(
            "queue.html",
            _version,
            lambda: {**_listed(_status(request.args.get("status")), config, forecasts), **shown},
        )
        answer.status_code = problem.status
        return answer

    show_problems(routes, show_problem)

    @routes.get("/queue")
    def queue() -> Response:
        status = _status(request.args.get("status"))
        return live.show("queue.html", _version, lambda: _listed(status, config, forecasts))

    @routes.post("/queue/freeze")
    def freeze() -> Answer:
        access.admit_to_all_accounts()
        carry_out(FreezeQueue(clock.now()), ports, config)
        return redirect(url_for("queue_pages.queue"), 303)

    @routes.post("/queue/release")
    def release() -> Answer:
        access.admit_to_all_accounts()
        carry_out(ReleaseQueue(clock.now()), ports, config)
        return redirect(url_for("queue_pages.queue"), 303)

    @routes.post(f"/queue/<number>/<any({_WORDS}):word>")
    def act(number: str, word: str) -> Answer:
        _carry_out(_found(number, ports).id, word, ports, config)
        return _back()

    @routes.get("/queue/<number>/edit")
    def look(number: str, problem: str = "") -> str:
        return render_template(
            "reply_edit.html",
            at="queue",
            item=_found(number, ports),
            most_bytes=MAX_MESSAGE_BYTES,
            problem=problem,
            draft=request.form.get("text", ""),
        )

    @routes.post("/queue/<number>/edit")
    def edit(number: str) -> Answer:
        item_id = _found(number, ports).id
        try:
            text = text_field("text", max_bytes=MAX_MESSAGE_BYTES)
            carry_out(EditReply(item_id, text, clock.now()), ports, config)
        except Problem as problem:
            return Response(look(number, problem.message), problem.status, mimetype="text/html")
        return redirect(url_for("queue_pages.queue", status=ItemStatus.PENDING), 303)

    return routes


def _version() -> str:
    return f"{version_of_all()}-{frozen_since()}"


def _listed(
    status: ItemStatus | None, config: WebConfig, forecasts: ForecastCache
) -> dict[str, Any]:
    after = read_cursor(request.args.get("cursor"), parts=2)
    now, scope = clock.now(), asked_scope()
    page = list_items(limit=_SHOWN, after=after, status=status, scope=scope)
    return {
        "at": "queue",
        "account_names": names_of(list_accounts(current_scope())),
        "account_id": asked_account(),
        "items": page.items,
        "counts": count_queue(scope),
        "status": status,
        "is_first": after is None,
        "next_cursor": write_cursor(page.next_key),
        "forecast": forecasts.look(now, scope),
        "now": now,
        "per_second": config.per_second,
    }


def _carry_out(item_id: int, word: str, ports: WebPorts, config: WebConfig) -> None:
    now = clock.now()
    match word:
        case "cancel":
            carry_out(CancelReply(item_id, now), ports, config)
        case "retry":
            carry_out(RetryReply(item_id, now), ports, config)
        case _:
            carry_out(SettleReply(item_id, word == "arrived", now), ports, config)


def _status(name: str | None) -> ItemStatus | None:
    try:
        return ItemStatus(name) if name else None
    except ValueError:
        raise Problem(404, "No such queue status.") from None


def _found(number: str, ports: WebPorts) -> QueueItemRecord:
    item_id = read_row_id(number)
    with ports.database.connection_context():
        found = None if item_id is None else read_item(item_id)
    if found is None:
        raise Problem(404, "No queue item with this number.")
    return found


def _back() -> Answer:
    status = _status(request.args.get("status"))
    return redirect(url_for("queue_pages.queue", status=status, account=asked_account()), 303)
