from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.messages.labels import LabelConversation
from moca.core.messages.operator_actions import SnoozeConversation, UnsnoozeConversation
from moca.storage.queries.operators import find_operator
from moca.web.api.conversations import find_conversation, plausible_instant
from moca.web.api.labels import label_id_of
from moca.web.api.routes import answer
from moca.web.commands import assignment, carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.schemas.requests import ConversationBody, ConversationPath, SnoozeBody
from moca.web.schemas.responses import ConversationShape, ProblemShape

_ONE: ResponseDict = {200: ConversationShape, 404: ProblemShape}
_CHANGED: ResponseDict = {**_ONE, 409: ProblemShape}


def with_work_lists(routes: APIBlueprint, ports: WebPorts, config: WebConfig) -> APIBlueprint:
    """Add the routes that change in which work lists a conversation is.

    The description of the API holds a path's methods only if one blueprint has them all.
    """

    @routes.patch(
        "/conversations/<conversation_id>",
        summary="Change a conversation's assignee, its labels, or both",
        responses=_CHANGED,
    )
    def change(path: ConversationPath, body: ConversationBody) -> Response:
        found = find_conversation(ports, path)
        operator = _operator(ports, body.assignee)
        names = body.labels
        label_ids = {label_id_of(ports, name, "labels") for name in names or ()}
        if names is not None:
            labelled = LabelConversation(found.id, tuple(sorted(label_ids)), None)
            carry_out(labelled, ports, config)
        if "assignee" in body.model_fields_set:
            carry_out(assignment(found.id, *operator), ports, config)
        return answer(ConversationShape.model_validate(find_conversation(ports, path)))

    @routes.post(
        "/conversations/<conversation_id>/snooze",
        summary="Take a conversation off the work lists, for a time or until the contact writes",
        responses=_CHANGED,
    )
    def snooze(path: ConversationPath, body: SnoozeBody) -> Response:
        found, at = find_conversation(ports, path), clock.now()
        until = None if body.until is None else plausible_instant(body.until, at, "until")
        carry_out(SnoozeConversation(found.id, at, until), ports, config)
        return answer(ConversationShape.model_validate(find_conversation(ports, path)))

    @routes.post(
        "/conversations/<conversation_id>/unsnooze",
        summary="Return a snoozed conversation to its work lists",
        responses=_ONE,
    )
    def unsnooze(path: ConversationPath) -> Response:
        carry_out(
            UnsnoozeConversation(find_conversation(ports, path).id, clock.now()), ports, config
        )
        return answer(ConversationShape.model_validate(find_conversation(ports, path)))

    return routes


def _operator(ports: WebPorts, name: str | None) -> tuple[int | None, str]:
    if name is None:
        return None, ""
    with ports.database.connection_context():
        found = find_operator(name)
    if found is None:
        raise Problem(422, "assignee: no user has this name")
    return found.id, found.name
