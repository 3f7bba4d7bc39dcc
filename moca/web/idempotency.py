import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import Any

import structlog
from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.idempotency import KeepAnswer, RequestKey
from moca.core.messages.receipt import Receipt
from moca.storage.queries.idempotency import KeptAnswer, read_answer
from moca.web.auth.current_user import visitor
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem, problem

HEADER = "Idempotency-Key"
FORM_KEY = "form_key"
MAX_KEY_CHARACTERS = 255

_OF_THE_FORM_ITSELF = frozenset({FORM_KEY, "seal"})
_WEBHOOK = "webhook."

_LOG = structlog.get_logger(__name__)


class Idempotency:
    """Carries out each request with a key once, and answers it again as the first time.

    The key is written in the transaction of the act, so neither a crash nor an answer that was
    lost repeats or loses it. An answer that could not be kept is made anew from what is stored.
    Keys are each caller's own. Any thread.
    """

    def __init__(self, ports: Ports, config: WebConfig) -> None:
        self._ports = ports
        self._config = config
        self._lock = Lock()
        self._under_way: dict[str, str] = {}
        """Fingerprints by key, of the API's requests in this process."""

    def guard(self, app: Flask) -> None:
        """Have every view that takes a POST, but the webhook, carry out a request once."""
        rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
        for endpoint in {rule.endpoint for rule in rules}:
            if not endpoint.startswith(_WEBHOOK):
                app.view_functions[endpoint] = self._once(app, app.view_functions[endpoint])

    def _once(self, app: Flask, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Any:
            asked = _asked()
            if asked is None:
                return view(*args, **kwargs)
            with self._first(asked) as is_first:
                if not is_first:
                    return _under_way()
                known = self._known(asked)
                if known is not None and known.status is not None:
                    return _again(known.status, known.body)
                g.request_key = asked
                answer = app.make_response(view(*args, **kwargs))
                self._keep(asked, answer)
                return answer

        return answered

    @contextmanager
    def _first(self, asked: RequestKey) -> Iterator[bool]:
        if not _is_api():
            # The second click waits for what came of the first, and is led to the same page.
            yield True
            return
        with self._lock:
            other = self._under_way.get(asked.key)
            if other is None:
                self._under_way[asked.key] = asked.fingerprint
        if other is not None:
            if other != asked.fingerprint:
                raise reused()
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                del self._under_way[asked.key]

    def _known(self, asked: RequestKey) -> KeptAnswer | None:
        with self._ports.database.connection_context():
            known = read_answer(asked.key, clock.now())
        if known is not None and known.fingerprint != asked.fingerprint:
            raise reused()
        return known

    def _keep(self, asked: RequestKey, answer: Response) -> None:
        is_redirect = "Location" in answer.headers
        is_kept = answer.status_code < 400 and (is_redirect or _is_api())  # noqa: PLR2004
        if "request_key" in g or not is_kept:  # Nothing was carried out, or there is an error.
            return
        body = answer.headers["Location"] if is_redirect else answer.get_data(as_text=True)
        receipt: Receipt = Future()
        try:
            self._ports.tell(KeepAnswer(asked, answer.status_code, body, clock.now(), receipt))
            receipt.result(self._config.receipt_timeout.total_seconds())
        except Exception as error:  # noqa: BLE001 - what was done is done; its answer can be made anew
            _LOG.warning("answer.not_kept", error=type(error).__name__)


def take_request_key() -> RequestKey | None:
    """Take the key for the one command that a request carries out; None where it has none."""
    key: RequestKey | None = g.pop("request_key", None)
    return key


def reused() -> Problem:
    """Return the problem of a key that came with another request before."""
    if _is_api():
        return Problem(422, f"{HEADER}: it came with another request before; use a new one")
    return Problem(
        409,
        "This form was sent already, and nothing was done this time. "
        "Go back, load the page again, and send it once more if you mean to.",
    )


def _asked() -> RequestKey | None:
    known = visitor()
    if request.method != "POST" or known is None:
        return None
    shown = request.headers.get(HEADER) if _is_api() else request.form.get(FORM_KEY)
    if shown is None:
        return None
    if not 1 <= len(shown) <= MAX_KEY_CHARACTERS or not shown.isprintable():
        name = HEADER if _is_api() else FORM_KEY
        raise Problem(400, f"{name}: it must have 1 to {MAX_KEY_CHARACTERS} printable characters")
    kind = known.name if known.operator_id is None else "operator"
    caller = f"{kind} {known.number}"
    key = hashlib.sha256(f"{caller}\n{shown}".encode()).hexdigest()
    # Keyed, so that the words of a short text are not found by trying.
    print_ = hmac.new(shown.encode(), _content().encode(), hashlib.sha256).hexdigest()
    return RequestKey(key, print_)


def _content() -> str:
    if _is_api():
        said = json.dumps(request.get_json(silent=True), sort_keys=True)
    else:
        fields = request.form.items(multi=True)
        said = json.dumps(sorted(each for each in fields if each[0] not in _OF_THE_FORM_ITSELF))
    return f"{request.full_path}\n{said}"


def _again(status: int, body: str) -> Response:
    if 300 <= status < 400:  # noqa: PLR2004
        return redirect(body, status)
    return Response(body, status, mimetype="application/json")


def _under_way() -> Response:
    answer = problem(409, f"the first request with this {HEADER} is under way; try again")
    answer.headers["Retry-After"] = "1"
    return answer


def _is_api() -> bool:
    return request.path.startswith("/api/")
