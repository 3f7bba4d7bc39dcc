from collections.abc import Mapping
from http import HTTPStatus

import peewee
import structlog
from flask import Flask, Response, jsonify, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from moca.logs import where_raised

PROBLEM_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""Sent with a 503 that may be over by then."""

_LOG = structlog.get_logger(__name__)
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    410: "gone",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_tries",
    502: "bad_gateway",
    503: "unavailable",
    507: "no_space",
}
_TITLES = {
    400: "Bad request",
    401: "Log in to continue",
    403: "Access denied",
    404: "Not found",
    405: "Not allowed",
    409: "Nothing was changed",
    413: "Too large",
    422: "Check what you entered",
    429: "Too many attempts",
    503: "Temporarily unavailable",
    507: "No space left",
}


BESIDE_THE_FORM = frozenset({409, 413, 422, 503})
"""Statuses of problems that are shown on the page of the form that was sent."""


class Problem(Exception):  # noqa: N818
    """Raised when a request cannot be completed; the message explains why to the client."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        retry_after_seconds: int | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        self.members = members or {}
        """What the JSON says of it beside the members that all problems have."""

    def as_json(self) -> Response:
        """Return the error response in its documented shape."""
        return problem(
            self.status,
            self.message,
            retry_after_seconds=self.retry_after_seconds,
            members=self.members,
        )


def problem(
    status: int,
    message: str,
    *,
    retry_after_seconds: int | None = None,
    members: Mapping[str, object] | None = None,
) -> Response:
    """Return the error response: problem details (RFC 9457), with the `error` of Moca's API."""
    code = _CODES.get(status, "error")
    title = HTTPStatus(status).phrase
    error = {"code": code, "message": message}
    told = {"type": "about:blank", "title": title, "status": status, "detail": message}
    response = jsonify({**told, "error": error, **(members or {})})
    response.status_code, response.mimetype = status, PROBLEM_TYPE
    return _with_retry_after(response, _seconds_to_wait(status, retry_after_seconds))


def invalid(error: ValidationError) -> Response:
    """Return all validation errors of a request, without repeating its values."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    texts = (f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults)
    return problem(422, "; ".join(texts))


def register_problems(app: Flask) -> None:
    """Render every error as JSON, or as a plain page if a browser requested one."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(
        RecursionError, lambda _: error_response(400, "The request body is nested too deeply.")
    )
    for outage in (peewee.OperationalError, peewee.InterfaceError):
        app.register_error_handler(outage, _database_unavailable)
    app.register_error_handler(Exception, _unforeseen)


def problem_response(error: Problem) -> Response:
    """Return the problem as JSON, or as a plain page if a browser requested one."""
    seconds = _seconds_to_wait(error.status, error.retry_after_seconds)
    response = error_response(error.status, error.message, error.members)
    return _with_retry_after(response, seconds)


def _seconds_to_wait(status: int, seconds: int | None) -> int | None:
    return (
        RETRY_SECONDS if seconds is None and status == HTTPStatus.SERVICE_UNAVAILABLE else seconds
    )


def _with_retry_after(response: Response, seconds: int | None) -> Response:
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


def _http_problem(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:  # noqa: PLR2004
        return error
    answer = error_response(status, error.description or error.name)
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _database_unavailable(error: Exception) -> Response:
    _log(error)
    message = "The database cannot be reached, read or written now. Try again."
    return problem_response(Problem(503, message))


def _unforeseen(error: Exception) -> Response:
    _log(error)
    return error_response(500, "An unexpected error occurred. See Moca's log for details.")


def _log(error: Exception) -> None:
    _LOG.error(
        "web.error",
        endpoint=request.endpoint,
        error=type(error).__name__,
        where=where_raised(error),
    )


def error_response(
    status: int, message: str, members: Mapping[str, object] | None = None
) -> Response:
    """Return the error as JSON, or as a plain page if a browser requested one."""
    if _for_a_person():
        title = _TITLES.get(status, "Something went wrong")
        page = render_template("problem.html", status=status, title=title, message=message)
        return Response(page, status, mimetype="text/html")
    return problem(status, message, members=members)


def _for_a_person() -> bool:
    if request.path.startswith(("/api/", "/sandbox/graph")):
        return False
    kinds = request.accept_mimetypes
    # A client that accepts anything is a program; browsers name HTML.
    named = "text/html" in kinds.values()
    return named and kinds.best_match(["text/html", "application/json"]) == "text/html"
