from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from moca.storage.queries.feed.events import FeedExpired, read_feed
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.errors import Problem
from moca.web.feed.long_poll import WAITING, Waiting
from moca.web.schemas.feed import FeedQuery, FeedShape, event_values
from moca.web.schemas.responses import ProblemShape


def event_routes(ports: WebPorts, access: Guards) -> APIBlueprint:
    """Return the route of the event feed."""
    routes = api_routes("events", access)

    @routes.get(
        "/events",
        summary="Read the feed of events, oldest first",
        responses={200: FeedShape, 410: ProblemShape},
    )
    def events(query: FeedQuery) -> Response:
        try:
            with ports.database.connection_context():
                page = read_feed(
                    after=query.after,
                    limit=query.limit,
                    kinds=query.wanted_kinds,
                    has_texts=query.texts,
                    scope=current_scope(),
                )
        except FeedExpired:
            raise Problem(
                410,
                "Events after this one have been deleted. Read the conversations again from "
                "/api/conversations, then continue with after=0, the oldest event kept.",
            ) from None
        waiting: Waiting | None = request.environ.get(WAITING)
        if waiting is not None and not page.items:
            waiting.seconds, waiting.after = query.wait, page.next_id
        items = tuple(map(event_values, page.items))
        return answer(FeedShape.model_validate({"items": items, "next": page.next_id}))

    return routes
