from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    DiscardReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.storage.queries.queue import count_queue, frozen_since, list_items, read_item
from moca.storage.queries.records import QueueItemRecord
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presenters.queue_forecast import forecast_queue
from moca.web.schemas.requests import (
    AccountQuery,
    ApproveBody,
    EditBody,
    ItemPath,
    QueueQuery,
    SettleBody,
)
from moca.web.schemas.responses import (
    ForecastShape,
    FreezeShape,
    ProblemShape,
    QueueItemShape,
    QueueShape,
)

_CHANGED: ResponseDict = {200: QueueItemShape, 404: ProblemShape, 409: ProblemShape}


def queue_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for the queue and the actions on its items."""
    routes = api_routes("queue", access)

    @routes.get(
        "/queue",
        summary="List queue items, newest first; pending items in sending order",
        responses={200: QueueShape},
    )
    def queue(query: QueueQuery) -> Response:
        after = read_cursor(query.cursor, parts=2)
        with ports.database.connection_context():
            scope = current_scope().of_account(query.account_id)
            page = list_items(limit=query.limit, after=after, status=query.status, scope=scope)
            counts, since = count_queue(scope), frozen_since()
        cursor = write_cursor(page.next_key)
        listed = {"counts": counts, "items": page.items, "next_cursor": cursor}
        return answer(QueueShape.model_validate({**listed, "frozen_since": since}))

    @routes.get(
        "/queue/forecast",
        summary="Forecast when the queue will be empty and which replies will miss the reply "
        "window",
        responses={200: ForecastShape},
    )
    def forecast(query: AccountQuery) -> Response:
        scope = current_scope().of_account(query.account_id)
        with ports.database.connection_context():
            found = forecast_queue(config, clock.now(), scope)
        return answer(ForecastShape.model_validate(found))

    @routes.post(
        "/queue/freeze",
        summary="Pause sending; incoming messages are still received",
        responses={200: FreezeShape, 409: ProblemShape},
    )
    def freeze() -> Response:
        access.admit_to_all_accounts()
        carry_out(FreezeQueue(clock.now()), ports, config)
        return _frozen()

    @routes.post(
        "/queue/release",
        summary="Resume sending",
        responses={200: FreezeShape, 409: ProblemShape},
    )
    def release() -> Response:
        access.admit_to_all_accounts()
        carry_out(ReleaseQueue(clock.now()), ports, config)
        return _frozen()

    @routes.post(
        "/queue/<item_id>/edit",
        summary="Edit the text of a pending reply",
        responses=_CHANGED,
    )
    def edit(path: ItemPath, body: EditBody) -> Response:
        item_id = _find(ports, path).id
        carry_out(EditReply(item_id, body.text, clock.now()), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/approve",
        summary="Send a held reply, as it is or with another text",
        responses=_CHANGED,
    )
    def approve(path: ItemPath, body: ApproveBody) -> Response:
        item_id = _find(ports, path).id
        texts = {} if body.text is None else {item_id: body.text}
        carry_out(ApproveReply(item_id, clock.now(), texts), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/discard",
        summary="Discard a held reply; the conversation is left to the team",
        responses=_CHANGED,
    )
    def discard(path: ItemPath) -> Response:
        item_id = _find(ports, path).id
        carry_out(DiscardReply(item_id, clock.now()), ports, config)
        return _shown(path)

    @routes.post("/queue/<item_id>/cancel", summary="Cancel a pending reply", responses=_CHANGED)
    def cancel(path: ItemPath) -> Response:
        item_id = _find(ports, path).id
        carry_out(CancelReply(item_id, clock.now()), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/retry",
        summary="Retry a failed or cancelled reply",
        responses=_CHANGED,
    )
    def retry(path: ItemPath) -> Response:
        item_id = _find(ports, path).id
        carry_out(RetryReply(item_id, clock.now()), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/settle",
        summary="Mark an unconfirmed reply as delivered or not delivered",
        responses=_CHANGED,
    )
    def settle(path: ItemPath, body: SettleBody) -> Response:
        item_id = _find(ports, path).id
        carry_out(SettleReply(item_id, body.delivered, clock.now()), ports, config)
        return _shown(path)

    def _frozen() -> Response:
        with ports.database.connection_context():
            return answer(FreezeShape(frozen_since=frozen_since()))

    def _shown(path: ItemPath) -> Response:
        return answer(QueueItemShape.model_validate(_find(ports, path)))

    return routes


def _find(ports: WebPorts, path: ItemPath) -> QueueItemRecord:
    item_id = read_row_id(path.item_id)
    with ports.database.connection_context():
        found = None if item_id is None else read_item(item_id)
    if found is None:
        raise Problem(404, "No queue item with this ID.")
    return found
