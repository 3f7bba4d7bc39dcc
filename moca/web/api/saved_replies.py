from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.messages.saved_replies import (
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
    SavedReplyFile,
)
from moca.storage.queries.saved_replies import find_saved_reply, list_saved_replies
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.responses import ProblemShape
from moca.web.schemas.saved_replies import (
    SavedRepliesShape,
    SavedReplyBody,
    SavedReplyPatch,
    SavedReplyPath,
    SavedReplyRemovedShape,
    SavedReplyShape,
)


def saved_reply_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for saved replies."""
    routes = api_routes("saved_replies_api", access)
    routes.before_request(access.require_all_accounts_to_change)

    @routes.get("/saved-replies", summary="List saved replies", responses={200: SavedRepliesShape})
    def saved_replies() -> Response:
        with ports.database.connection_context():
            found = list_saved_replies()
        return answer(SavedRepliesShape.model_validate({"items": found}))

    @routes.post(
        "/saved-replies",
        summary="Save a reply",
        responses={201: SavedReplyShape, 409: ProblemShape},
    )
    def add(body: SavedReplyBody) -> Response:
        file = None if body.upload is None else _file(body.upload)
        added = AddSavedReply(body.name, body.shortcut, body.text, file)
        done = carry_out(added, ports, config)
        return _shown(ports, done.id, 201)

    @routes.patch(
        "/saved-replies/<reply_id>",
        summary="Update a saved reply",
        responses={200: SavedReplyShape, 404: ProblemShape, 409: ProblemShape},
    )
    def change(path: SavedReplyPath, body: SavedReplyPatch) -> Response:
        reply_id = row_id_of(path.reply_id)
        file = _file(body.upload) if "upload" in body.model_fields_set else None
        changed = ChangeSavedReply(reply_id, body.name, body.shortcut, body.text, file)
        carry_out(changed, ports, config)
        return _shown(ports, reply_id)

    @routes.delete(
        "/saved-replies/<reply_id>",
        summary="Remove a saved reply",
        responses={200: SavedReplyRemovedShape, 404: ProblemShape},
    )
    def remove(path: SavedReplyPath) -> Response:
        reply_id = row_id_of(path.reply_id)
        carry_out(RemoveSavedReply(reply_id), ports, config)
        return answer(SavedReplyRemovedShape(id=reply_id, removed=True))

    return routes


def _file(upload_id: int | None) -> SavedReplyFile:
    return SavedReplyFile(upload_id, clock.now())


def _shown(ports: WebPorts, reply_id: int | None, status: int = 200) -> Response:
    with ports.database.connection_context():
        found = find_saved_reply(reply_id or 0)
    if found is None:
        raise Problem(404, "No saved reply with this ID.")
    return answer(SavedReplyShape.model_validate(found), status)
