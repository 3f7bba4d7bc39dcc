from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.storage.queries.messages import find_message
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Access
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.presenters.journey_progress import outcome_of, waits_for
from moca.web.schemas.requests import MessagePath
from moca.web.schemas.responses import JourneyShape, MessageShape, ProblemShape


def message_routes(ports: Ports, config: WebConfig, access: Access) -> APIBlueprint:
    """Build what can be asked of one message."""
    routes = api_routes("messages", access)

    @routes.get(
        "/messages/<mid:mid>",
        summary="A message",
        responses={200: MessageShape, 404: ProblemShape},
    )
    def message(path: MessagePath) -> Response:
        with ports.database.connection_context():
            found = find_message(path.mid)
        if found is None:
            raise Problem(404, "there is no message with this id")
        return answer(MessageShape.model_validate(found))

    @routes.get(
        "/messages/<mid:mid>/journey",
        summary="What happened to a message, and why",
        responses={200: JourneyShape, 404: ProblemShape},
    )
    def journey(path: MessagePath) -> Response:
        with ports.database.connection_context():
            found = read_journey(path.mid)
        if found is None:
            raise Problem(404, "there is no message with this id")
        return answer(journey_shape(found, config))

    return routes


def journey_shape(journey: JourneyRecord, config: WebConfig) -> JourneyShape:
    """Tell a journey as it stands now."""
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
