from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.messages.uploads import AddUpload
from moca.storage.queries.composer.uploads import find_unused
from moca.web.api.routes import answer, guarded_routes
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.schemas.responses import ProblemShape
from moca.web.schemas.uploads import UploadForm, UploadShape
from moca.web.uploads.attachments import Attachments


def upload_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the route for files that replies and saved replies are to send."""
    routes = guarded_routes("uploads_api", access.guard_api, takes_json=False)
    attachments = Attachments(ports, config)

    @routes.post(
        "/uploads",
        summary="Upload a file for a reply or a saved reply, which must use it within an hour",
        responses={201: UploadShape, 507: ProblemShape},
    )
    def upload(form: UploadForm) -> Response:
        at = clock.now()
        stored = attachments.store(form.file, at)
        with attachments.deleted_if_refused(stored):
            done = carry_out(AddUpload(stored, at), ports, config)
        with ports.database.connection_context():
            found = find_unused(done.id or 0, at)
        if found is None:
            raise Problem(409, "The upload of this key was used or has expired. Use a new key.")
        return answer(UploadShape.model_validate(found), 201)

    return routes
