from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.storage.queries.freeze import frozen_since
from moca.storage.queries.queue import count_queue, list_items, read_item
from moca.storage.queries.records import QueueItemRecord
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presenters.queue_forecast import outlook
from moca.web.schemas.requests import EditBody, ItemPath, QueueQuery, SettleBody
from moca.web.schemas.responses import (
    ForecastShape,
    FreezeShape,
    ProblemShape,
    QueueItemShape,
    QueueShape,
)

_CHANGED: ResponseDict = {200: QueueItemShape, 404: ProblemShape, 409: ProblemShape}


def queue_routes(ports: Ports, config: WebConfig, access: Access) -> APIBlueprint:
    """Build what can be asked of the queue and done to its items."""
    routes = api_routes("queue", access)

    @routes.get(
        "/queue",
        summary="The queue, newest first; the pending ones in the order in which they may go",
        responses={200: QueueShape},
    )
    def queue(query: QueueQuery) -> Response:
        after = read_cursor(query.cursor, parts=2)
        with ports.database.connection_context():
            page = list_items(limit=query.limit, after=after, status=query.status)
            counts, since = count_queue(), frozen_since()
        cursor = write_cursor(page.next_key)
        listed = {"counts": counts, "items": page.items, "next_cursor": cursor}
        return answer(QueueShape.model_validate({**listed, "frozen_since": since}))

    @routes.get(
        "/queue/forecast",
        summary="When it drains at today's limits, and whose window shuts before their turn",
        responses={200: ForecastShape},
    )
    def forecast() -> Response:
        with ports.database.connection_context():
            return answer(ForecastShape.model_validate(outlook(config, clock.now())))

    @routes.post(
        "/queue/freeze",
        summary="Let nothing go out; webhooks still come in",
        responses={200: FreezeShape, 409: ProblemShape},
    )
    def freeze() -> Response:
        carry_out(FreezeQueue(clock.now()), ports, config)
        return _frozen()

    @routes.post(
        "/queue/release",
        summary="Let everything go out again",
        responses={200: FreezeShape, 409: ProblemShape},
    )
    def release() -> Response:
        carry_out(ReleaseQueue(clock.now()), ports, config)
        return _frozen()

    @routes.post(
        "/queue/<item_id>/edit",
        summary="Let a pending reply say something else",
        responses=_CHANGED,
    )
    def edit(path: ItemPath, body: EditBody) -> Response:
        item_id = _find(ports, path).id
        carry_out(EditReply(item_id, body.text, clock.now()), ports, config)
        return _shown(path)

    @routes.post("/queue/<item_id>/cancel", summary="Take a pending reply out", responses=_CHANGED)
    def cancel(path: ItemPath) -> Response:
        item_id = _find(ports, path).id
        carry_out(CancelReply(item_id, clock.now()), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/retry",
        summary="Queue a failed or cancelled reply again",
        responses=_CHANGED,
    )
    def retry(path: ItemPath) -> Response:
        item_id = _find(ports, path).id
        carry_out(RetryReply(item_id, clock.now()), ports, config)
        return _shown(path)

    @routes.post(
        "/queue/<item_id>/settle",
        summary="Say whether a reply whose fate is unknown arrived",
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


def _find(ports: Ports, path: ItemPath) -> QueueItemRecord:
    item_id = read_row_id(path.item_id)
    with ports.database.connection_context():
        found = None if item_id is None else read_item(item_id)
    if found is None:
        raise Problem(404, "there is no queue item with this id")
    return found
