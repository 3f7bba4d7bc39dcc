from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import BadRequest

from moca.web.auth.guards import Access
from moca.web.errors import Problem
from moca.web.schemas.responses import ProblemShape, Shape

_LARGEST_BODY_BYTES = 64 * 1024
_FAULTS = (400, 401, 403, 413, 415, 422, 503)


def api_routes(name: str, access: Access) -> APIBlueprint:
    """Begin a part of the API: only whoever has access comes in, and only with readable JSON."""
    return guarded_routes(name, access.guard_api)


def guarded_routes(name: str, guard: Callable[[], Any]) -> APIBlueprint:
    """Begin a part of the API with a guard of its own."""
    routes = APIBlueprint(
        name,
        __name__,
        url_prefix="/api",
        abp_security=[{"token": []}],
        abp_responses=dict.fromkeys(_FAULTS, ProblemShape),
    )
    routes.before_request(guard)
    routes.before_request(check_body)
    return routes


def check_body() -> None:
    """Refuse a body that is too large, not announced as JSON, or no JSON object.

    Raises:
        Problem: it is; the message names the fault.
    """
    request.max_content_length = _LARGEST_BODY_BYTES
    if request.method in {"GET", "HEAD", "OPTIONS"} or not request.get_data():
        return
    if not request.is_json:
        raise Problem(415, "send the body as application/json")
    try:
        body = request.get_json()
    except BadRequest as error:
        raise Problem(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Problem(400, "the body must be a JSON object")


def answer(shape: Shape, status: int = 200) -> Response:
    """Answer with a shape as JSON."""
    return Response(shape.model_dump_json(), status, mimetype="application/json")
