from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.core.messages.labels import AddLabel, ChangeLabel, RemoveLabel
from moca.storage.queries.labels import find_label, find_label_named, list_labels
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.labels import (
    LabelBody,
    LabelPatch,
    LabelPath,
    LabelRemovedShape,
    LabelShape,
    LabelsShape,
)
from moca.web.schemas.responses import ProblemShape


def label_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for labels."""
    routes = api_routes("labels_api", access)
    routes.before_request(access.require_all_accounts_to_change)

    @routes.get("/labels", summary="List labels", responses={200: LabelsShape})
    def labels() -> Response:
        with ports.database.connection_context():
            found = list_labels()
        return answer(LabelsShape.model_validate({"items": found}))

    @routes.post("/labels", summary="Add a label", responses={201: LabelShape, 409: ProblemShape})
    def add(body: LabelBody) -> Response:
        done = carry_out(AddLabel(body.name, body.colour), ports, config)
        return _shown(ports, done.id, 201)

    @routes.patch(
        "/labels/<label_id>",
        summary="Rename or recolour a label",
        responses={200: LabelShape, 404: ProblemShape, 409: ProblemShape},
    )
    def change(path: LabelPath, body: LabelPatch) -> Response:
        label_id = row_id_of(path.label_id)
        carry_out(ChangeLabel(label_id, body.name, body.colour), ports, config)
        return _shown(ports, label_id)

    @routes.delete(
        "/labels/<label_id>",
        summary="Remove a label, from all conversations too",
        responses={200: LabelRemovedShape, 404: ProblemShape},
    )
    def remove(path: LabelPath) -> Response:
        label_id = row_id_of(path.label_id)
        carry_out(RemoveLabel(label_id), ports, config)
        return answer(LabelRemovedShape(id=label_id, removed=True))

    return routes


def label_id_of(ports: WebPorts, name: str, field: str) -> int:
    """Return the id of the label of this name.

    Raises:
        Problem: 422 if there is none; it names the field.
    """
    with ports.database.connection_context():
        found = find_label_named(name)
    if found is None:
        raise Problem(422, f"{field}: no label has this name")
    return found.id


def _shown(ports: WebPorts, label_id: int | None, status: int = 200) -> Response:
    with ports.database.connection_context():
        found = find_label(label_id or 0)
    if found is None:
        raise Problem(404, "No label with this ID.")
    return answer(LabelShape.model_validate(found), status)
