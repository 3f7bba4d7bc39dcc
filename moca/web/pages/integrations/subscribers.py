from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from moca.core.feed import FeedKind
from moca.core.messages.subscribers import (
    PauseSubscriber,
    RemoveSubscriber,
    ReplayFeed,
    RetryFeedDelivery,
)
from moca.core.subscribers import MAX_URL_LENGTH
from moca.storage.queries.feed.subscribers import (
    count_waiting,
    list_feed_deliveries,
    list_subscribers,
    read_subscriber,
)
from moca.web.api.subscribers import DELIVERIES_SHOWN, add_subscriber
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import BESIDE_THE_FORM, Problem
from moca.web.forms import number_field, row_id_of, show_problems_on, text_field, validated
from moca.web.schemas.subscribers import MAX_SUBSCRIBER_NAME_LENGTH, SubscriberBody

_MAX_EVENT_ID = 2**53


def subscriber_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the administrators' page of subscribers and their deliveries."""
    routes = Blueprint("subscribers", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    def page(problem: str = "", refused: str = "", added: str = "") -> str:
        with ports.database.connection_context():
            subscribers = [
                (each, count_waiting(each), list_feed_deliveries(each.id, DELIVERIES_SHOWN))
                for each in list_subscribers()
            ]
        return render_template(
            "subscribers.html",
            at="users",
            subscribers=subscribers,
            kinds=tuple(FeedKind),
            name_length=MAX_SUBSCRIBER_NAME_LENGTH,
            url_length=MAX_URL_LENGTH,
            problem=problem,
            refused=refused,
            added=added,
            draft=request.form,
        )

    show_problems_on(routes, page, BESIDE_THE_FORM)

    @routes.get("/subscribers")
    def subscribers() -> str:
        return page()

    @routes.post("/subscribers")
    def add() -> Response:
        added = add_subscriber(_body(), ports, config)
        return Response(page(added=added.secret), 201, mimetype="text/html")

    @routes.get("/subscribers/<number>/remove")
    def ask(number: str) -> str:
        with ports.database.connection_context():
            subscriber = read_subscriber(row_id_of(number))
        if subscriber is None:
            raise Problem(404, "No subscriber with this number.")
        return render_template("subscriber_removal.html", at="users", subscriber=subscriber)

    @routes.post("/subscribers/<number>/remove")
    def remove(number: str) -> WerkzeugResponse:
        carry_out(RemoveSubscriber(row_id_of(number)), ports, config)
        return redirect("/subscribers", 303)

    @routes.post("/subscribers/<number>/pause")
    def pause(number: str) -> WerkzeugResponse:
        carry_out(PauseSubscriber(row_id_of(number), is_paused=True), ports, config)
        return redirect("/subscribers", 303)

    @routes.post("/subscribers/<number>/resume")
    def resume(number: str) -> WerkzeugResponse:
        carry_out(PauseSubscriber(row_id_of(number), is_paused=False), ports, config)
        return redirect("/subscribers", 303)

    @routes.post("/subscribers/<number>/replay")
    def replay(number: str) -> WerkzeugResponse:
        after = number_field("after", most=_MAX_EVENT_ID) or 0
        carry_out(ReplayFeed(row_id_of(number), after), ports, config)
        return redirect("/subscribers", 303)

    @routes.post("/subscribers/deliveries/<delivery>/retry")
    def retry(delivery: str) -> WerkzeugResponse:
        carry_out(RetryFeedDelivery(row_id_of(delivery)), ports, config)
        return redirect("/subscribers", 303)

    return routes


def _body() -> SubscriberBody:
    values = {
        "name": text_field("name", longest=MAX_SUBSCRIBER_NAME_LENGTH),
        "url": text_field("url", longest=MAX_URL_LENGTH),
        "kinds": tuple(request.form.getlist("kind")),
        "texts": "texts" in request.form,
    }
    return validated(SubscriberBody, values)
