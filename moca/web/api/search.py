from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.core.search_query import InvalidSearch
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.errors import Problem
from moca.web.pagination import write_cursor
from moca.web.schemas.search import SearchParameters, SearchShape
from moca.web.search import search_for_user


def search_routes(ports: WebPorts, access: Guards) -> APIBlueprint:
    """Return the route that searches, as the inbox does."""
    routes = api_routes("search", access)

    @routes.get(
        "/search",
        summary="Search messages, contacts and conversations",
        responses={200: SearchShape},
    )
    def find(query: SearchParameters) -> Response:
        try:
            with ports.database.connection_context():
                _, found = search_for_user(query.q, query.cursor, limit=query.limit)
        except InvalidSearch as error:
            raise Problem(422, f"q: {error}") from None
        shown = {
            "conversations": found.conversations,
            "messages": found.messages,
            "next_cursor": write_cursor(found.next_key),
            "indexed_percent": found.indexed_percent,
        }
        return answer(SearchShape.model_validate(shown))

    return routes
