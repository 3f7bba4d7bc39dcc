from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from werkzeug.exceptions import BadRequest

from moca.web.auth.guards import SAFE_METHODS, Guards
from moca.web.errors import Problem
from moca.web.schemas.description import operation_id
from moca.web.schemas.responses import ProblemShape, ResponseModel

_MAX_BODY_BYTES = 64 * 1024
_FAULTS = (400, 401, 403, 413, 415, 422, 503)


_is_described: ContextVar[bool] = ContextVar("is_described", default=False)


@contextmanager
def described() -> Iterator[None]:
    """Have the blueprints that are built within the block collect their OpenAPI description.

    The others do without: its models take longer to build than all routes together.
    """
    token = _is_described.set(True)
    try:
        yield
    finally:
        _is_described.reset(token)


def api_routes(name: str, access: Guards) -> APIBlueprint:
    """Return a blueprint of the API that requires access and valid JSON."""
    return guarded_routes(name, access.guard_api)


def guarded_routes(name: str, guard: Callable[[], Any], *, takes_json: bool = True) -> APIBlueprint:
    """Return a blueprint of the API with its own guard."""
    routes = APIBlueprint(
        name,
        __name__,
        url_prefix="/api",
        abp_security=[{"token": []}],
        abp_tags=[Tag(name=name.removesuffix("_api").replace("_", " "))],
        operation_id_callback=operation_id,
        abp_responses=dict.fromkeys(_FAULTS, ProblemShape),
        doc_ui=_is_described.get(),
    )
    routes.before_request(guard)
    routes.before_request(_check_query)
    if takes_json:
        routes.before_request(check_body)
    return routes


def _check_query() -> None:
    # No parameter of the API is a list: of several values, all but one would be ignored.
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Problem(422, f"{name}: must be given once")


def check_body() -> None:
    """Check that the body is a JSON object, declared as JSON, and not too large.

    Raises:
        Problem: If it is not; the message names the fault.
    """
    request.max_content_length = _MAX_BODY_BYTES
    if request.method in SAFE_METHODS or not request.get_data():
        return
    if not request.is_json:
        raise Problem(415, "Send the request body as application/json.")
    try:
        body = request.get_json()
    except BadRequest as error:
        raise Problem(400, "The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise Problem(400, "The request body must be a JSON object.")


def answer(shape: ResponseModel, status: int = 200) -> Response:
    """Return a shape as a JSON response."""
    return Response(shape.model_dump_json(), status, mimetype="application/json")
