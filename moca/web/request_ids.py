import re
import secrets

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9._\-]{1,64}")


def register_request_ids(app: Flask) -> None:
    """Name each request by an id: the client's, if it sends one, else a new one.

    It is in the answer's header and in all that is logged meanwhile, so that a client's report
    leads to the log.
    """
    app.before_request(_begin)
    app.after_request(_echo)
    app.teardown_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
    bind_contextvars(request_id=g.request_id)


def _echo(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response


def _end(_error: BaseException | None) -> None:
    # Threads are reused: what they log between requests belongs to none.
    clear_contextvars()
