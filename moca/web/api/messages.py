from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.storage.queries.messages import find_message
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.presenters.journey_progress import outcome_of, waits_for
from moca.web.schemas.requests import MessagePath
from moca.web.schemas.responses import JourneyShape, MessageShape, ProblemShape


def message_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for a single message."""
    routes = api_routes("messages", access)

    @routes.get(
        "/messages/<mid:mid>",
        summary="Retrieve a message",
        responses={200: MessageShape, 404: ProblemShape},
    )
    def message(path: MessagePath) -> Response:
        with ports.database.connection_context():
            found = find_message(path.mid, current_scope())
        if found is None:
            raise Problem(404, "No message with this ID.")
        return answer(MessageShape.model_validate(found))

    @routes.get(
        "/messages/<mid:mid>/journey",
        summary="Retrieve a message's journey: what happened to it, and why",
        responses={200: JourneyShape, 404: ProblemShape},
    )
    def journey(path: MessagePath) -> Response:
        with ports.database.connection_context():
            found = read_journey(path.mid, current_scope())
        if found is None:
            raise Problem(404, "No message with this ID.")
        return answer(journey_shape(found, config))

    return routes


def journey_shape(journey: JourneyRecord, config: WebConfig) -> JourneyShape:
    """Return a journey in its current state."""
    waiting = waits_for(journey, clock.now(), config)
    return JourneyShape.model_validate(
        {
            "mid": journey.message.mid,
            "outcome": outcome_of(journey),
            "because": journey.message.because if waiting is None else waiting.because,
            "steps": journey.steps,
            "waiting": waiting,
        }
    )
