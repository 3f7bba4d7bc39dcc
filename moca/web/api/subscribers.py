import base64
import secrets
from typing import NamedTuple

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.messages.subscribers import (
    AddSubscriber,
    PauseSubscriber,
    RemoveSubscriber,
    ReplayFeed,
    RetryFeedDelivery,
)
from moca.core.subscribers import SECRET_PREFIX, url_fault
from moca.storage.queries.feed.subscribers import (
    list_feed_deliveries,
    list_subscribers,
    read_subscriber,
)
from moca.web.account_tokens import sealed
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.responses import ProblemShape
from moca.web.schemas.subscribers import (
    FeedDeliveriesShape,
    FeedDeliveryPath,
    FeedDeliveryQueuedShape,
    NewSubscriberShape,
    ReplayBody,
    SubscriberBody,
    SubscriberPath,
    SubscriberRemovedShape,
    SubscriberShape,
    SubscribersShape,
)

DELIVERIES_SHOWN = 100
_SECRET_BYTES = 32
_CHANGED: ResponseDict = {200: SubscriberShape, 404: ProblemShape}


class AddedSubscriber(NamedTuple):
    """A subscriber that was just added; its secret is shown once."""

    id: int
    secret: str


def add_subscriber(body: SubscriberBody, ports: WebPorts, config: WebConfig) -> AddedSubscriber:
    """Store a new subscriber.

    Raises:
        Problem: If it is refused, or if this request was carried out before: its secret is lost.
    """
    fault = url_fault(body.url, allows_private=config.allows_private_subscribers)
    if fault:
        raise Problem(422, f"url: {fault}")
    generated = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    secret, now = body.secret or SECRET_PREFIX + generated, clock.now()
    token = sealed(ports, secret, now, None)
    command = AddSubscriber(body.name, body.url, token.sealed, body.kinds, body.texts, now)
    done = carry_out(command, ports, config)
    g.answer_is_secret = True
    if done.is_repeat or done.id is None:
        raise Problem(
            409,
            "This subscriber was added before, and its secret is shown only once. If you lost it, "
            "remove the subscriber and add it again.",
        )
    return AddedSubscriber(done.id, secret)


def subscriber_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for subscribers and their deliveries."""
    routes = api_routes("subscribers_api", access)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)

    @routes.get("/subscribers", summary="List subscribers", responses={200: SubscribersShape})
    def subscribers() -> Response:
        with ports.database.connection_context():
            found = list_subscribers()
        return answer(SubscribersShape.model_validate({"items": found}))

    @routes.post(
        "/subscribers",
        summary="Add a subscriber; the answer alone shows its secret",
        responses={201: NewSubscriberShape, 409: ProblemShape},
    )
    def add(body: SubscriberBody) -> Response:
        added = add_subscriber(body, ports, config)
        shown = {"subscriber": _shape(ports, added.id), "secret": added.secret}
        return answer(NewSubscriberShape.model_validate(shown), 201)

    @routes.delete(
        "/subscribers/<subscriber_id>",
        summary="Remove a subscriber",
        responses={200: SubscriberRemovedShape, 404: ProblemShape},
    )
    def remove(path: SubscriberPath) -> Response:
        subscriber_id = row_id_of(path.subscriber_id)
        carry_out(RemoveSubscriber(subscriber_id), ports, config)
        removed = {"id": subscriber_id, "removed": True}
        return answer(SubscriberRemovedShape.model_validate(removed))

    @routes.post(
        "/subscribers/<subscriber_id>/pause",
        summary="Pause deliveries to a subscriber",
        responses=_CHANGED,
    )
    def pause(path: SubscriberPath) -> Response:
        return _paused(path, is_paused=True)

    @routes.post(
        "/subscribers/<subscriber_id>/resume",
        summary="Resume deliveries to a subscriber, from where it stands",
        responses=_CHANGED,
    )
    def resume(path: SubscriberPath) -> Response:
        return _paused(path, is_paused=False)

    @routes.post(
        "/subscribers/<subscriber_id>/replay",
        summary="Deliver the events after an id once more",
        responses=_CHANGED,
    )
    def replay(path: SubscriberPath, body: ReplayBody) -> Response:
        subscriber_id = row_id_of(path.subscriber_id)
        carry_out(ReplayFeed(subscriber_id, body.after), ports, config)
        return answer(_shape(ports, subscriber_id))

    @routes.get(
        "/subscribers/<subscriber_id>/deliveries",
        summary="List a subscriber's latest deliveries",
        responses={200: FeedDeliveriesShape, 404: ProblemShape},
    )
    def deliveries(path: SubscriberPath) -> Response:
        subscriber_id = row_id_of(path.subscriber_id)
        _shape(ports, subscriber_id)
        with ports.database.connection_context():
            found = list_feed_deliveries(subscriber_id, DELIVERIES_SHOWN)
        return answer(FeedDeliveriesShape.model_validate({"items": found}))

    @routes.post(
        "/deliveries/<delivery_id>/retry",
        summary="Deliver an event that was set aside",
        responses={200: FeedDeliveryQueuedShape, 404: ProblemShape},
    )
    def retry(path: FeedDeliveryPath) -> Response:
        delivery_id = row_id_of(path.delivery_id)
        carry_out(RetryFeedDelivery(delivery_id), ports, config)
        queued = {"id": delivery_id, "queued": True}
        return answer(FeedDeliveryQueuedShape.model_validate(queued))

    def _paused(path: SubscriberPath, *, is_paused: bool) -> Response:
        subscriber_id = row_id_of(path.subscriber_id)
        carry_out(PauseSubscriber(subscriber_id, is_paused), ports, config)
        return answer(_shape(ports, subscriber_id))

    return routes


def _shape(ports: WebPorts, subscriber_id: int) -> SubscriberShape:
    with ports.database.connection_context():
        found = read_subscriber(subscriber_id)
    if found is None:
        raise Problem(404, "No subscriber with this ID.")
    return SubscriberShape.model_validate(found)
