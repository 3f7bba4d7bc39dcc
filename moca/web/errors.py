import structlog
from flask import Flask, Response, jsonify, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from moca.logs import where_raised

RETRY_SECONDS = 5
"""After a 503 that may be over by then."""

_LOG = structlog.get_logger(__name__)
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_tries",
    502: "bad_gateway",
    503: "unavailable",
}


class Problem(Exception):  # noqa: N818
    """Raised when a request cannot be carried out; the message tells the client why."""

    def __init__(
        self, status: int, message: str, *, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def problem(status: int, message: str, *, retry_after_seconds: int | None = None) -> Response:
    """Make the error answer that every client can rely on."""
    code = _CODES.get(status, "error")
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return _with_retry_after(response, retry_after_seconds)


def invalid(error: ValidationError) -> Response:
    """Tell all that is wrong with a request's values, without repeating them."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = (f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults)
    return problem(422, "; ".join(told))


def register_problems(app: Flask) -> None:
    """Let every error leave as JSON, or as a plain page where a browser asked for one."""
    app.register_error_handler(Problem, _told_problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(RecursionError, lambda _: told(400, "the body nests too deeply"))
    app.register_error_handler(Exception, _unforeseen)


def _told_problem(error: Problem) -> Response:
    return _with_retry_after(told(error.status, error.message), error.retry_after_seconds)


def _with_retry_after(response: Response, seconds: int | None) -> Response:
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


def _http_problem(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:  # noqa: PLR2004
        return error
    answer = told(status, error.description or error.name)
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _unforeseen(error: Exception) -> Response:
    _LOG.error(
        "web.error",
        endpoint=request.endpoint,
        error=type(error).__name__,
        where=where_raised(error),
    )
    return told(500, "something went wrong here; it is in the log")


def told(status: int, message: str) -> Response:
    """Make the error answer as JSON, or as a plain page where a browser asked for one."""
    if _for_a_person():
        page = render_template("problem.html", status=status, message=message)
        return Response(page, status, mimetype="text/html")
    return problem(status, message)


def _for_a_person() -> bool:
    if request.path.startswith(("/api/", "/sandbox/graph")):
        return False
    kinds = request.accept_mimetypes
    # A client that takes anything is a program; browsers name HTML.
    named = "text/html" in kinds.values()
    return named and kinds.best_match(["text/html", "application/json"]) == "text/html"
