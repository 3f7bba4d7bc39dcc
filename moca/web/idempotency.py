import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from threading import Lock
from typing import Any

import structlog
from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.command import Receipt
from moca.core.messages.idempotency import KeepAnswer, RequestKey
from moca.storage.queries.idempotency import KeptAnswer, read_answer
from moca.web.auth.account_scope import is_out_of_scope
from moca.web.auth.current_user import current_user
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem, problem

HEADER = "Idempotency-Key"
FORM_KEY = "form_key"
MAX_KEY_CHARACTERS = 255

_OF_THE_FORM_ITSELF = frozenset({FORM_KEY, "csrf_token"})
_WEBHOOK = "webhook."
_PIECE_BYTES = 1024 * 1024

_LOG = structlog.get_logger(__name__)


class Idempotency:
    """Executes each request with a key once, and repeats the first answer afterwards.

    The key is written in the command's transaction, so neither a crash nor a lost answer repeats or
    loses the command. An answer that could not be stored is rebuilt from the stored result. Keys
    are scoped to each caller. Thread-safe.
    """

    def __init__(self, ports: WebPorts, config: WebConfig) -> None:
        self._ports = ports
        self._config = config
        self._lock = Lock()
        self._under_way: dict[str, str] = {}
        """Fingerprints of the API's requests in this process, by key."""

    def guard(self, app: Flask) -> None:
        """Make every POST view except the webhook execute a request once."""
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
            # A double click waits for the first one's result, and is redirected to the same page.
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
        # Nothing was executed, there is an error, or the answer must not be stored.
        if "request_key" in g or not is_kept or "answer_is_secret" in g:
            return
        body = answer.headers["Location"] if is_redirect else answer.get_data(as_text=True)
        receipt: Receipt = Future()
        try:
            self._ports.tell(
                KeepAnswer(asked, answer.status_code, body, clock.now(), receipt=receipt)
            )
            receipt.result(self._config.receipt_timeout.total_seconds())
        except Exception as error:  # noqa: BLE001 - the command is done; its answer can be rebuilt
            _LOG.warning("answer.not_kept", error=type(error).__name__)


def take_request_key() -> RequestKey | None:
    """Take the key for the request's one command; None if it has none."""
    key: RequestKey | None = g.pop("request_key", None)
    return key


def part_keys(count: int) -> list[RequestKey | None]:
    """Return the keys of a request's several commands, which keep a result each.

    The response is built anew from their results for each repeat.
    """
    key: RequestKey | None = g.get("request_key")
    if key is None:
        return [None] * count
    parts = (hashlib.sha256(f"{key.key} {part}".encode()) for part in range(count))
    return [replace(key, key=part.hexdigest()) for part in parts]


def reused() -> Problem:
    """Return the problem of a key that was used with another request."""
    if _is_api():
        return Problem(422, f"{HEADER}: this key was used with a different request. Use a new key.")
    return Problem(
        409,
        "This form was already submitted, so nothing was changed this time. "
        "To submit it again, go back and reload the page first.",
    )


def _asked() -> RequestKey | None:
    known = current_user()
    if request.method != "POST" or known is None or is_out_of_scope():
        return None
    shown = request.headers.get(HEADER) if _is_api() else request.form.get(FORM_KEY)
    if shown is None:
        return None
    if not 1 <= len(shown) <= MAX_KEY_CHARACTERS or not shown.isprintable():
        name = HEADER if _is_api() else FORM_KEY
        raise Problem(400, f"{name}: must be 1 to {MAX_KEY_CHARACTERS} printable characters")
    kind = known.name if known.operator_id is None else "operator"
    caller = f"{kind} {known.number}"
    # A form may have several buttons, each an act of its own.
    act = "" if _is_api() else f"\n{request.path}"
    key = hashlib.sha256(f"{caller}\n{shown}{act}".encode()).hexdigest()
    # Keyed, so that the words of a short text cannot be found by guessing.
    print_ = hmac.new(shown.encode(), _content().encode(), hashlib.sha256).hexdigest()
    return RequestKey(key, print_)


def _content() -> str:
    if _is_api() and not request.files:
        said = json.dumps(request.get_json(silent=True), sort_keys=True)
    else:
        fields = request.form.items(multi=True)
        named = [each for each in fields if each[0] not in _OF_THE_FORM_ITSELF]
        said = json.dumps(sorted([*named, *_digests()]))
    return f"{request.full_path}\n{said}"


def _digests() -> Iterator[tuple[str, str]]:
    """Yield the files of a form, each by the field and a hash."""
    for field, file in request.files.items(multi=True):
        digest = hashlib.sha256()
        while piece := file.stream.read(_PIECE_BYTES):
            digest.update(piece)
        file.stream.seek(0)
        if file.filename:
            yield field, f"{file.filename} {digest.hexdigest()}"


def _again(status: int, body: str) -> Response:
    if 300 <= status < 400:  # noqa: PLR2004
        return redirect(body, status)
    return Response(body, status, mimetype="application/json")


def _under_way() -> Response:
    answer = problem(409, f"The first request with this {HEADER} is still in progress. Try again.")
    answer.headers["Retry-After"] = "1"
    return answer


def _is_api() -> bool:
    return request.path.startswith("/api/")
