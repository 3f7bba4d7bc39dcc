import re
from concurrent.futures import Future
from time import perf_counter

import structlog
from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send
from flask import Flask
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.receipt import Done
from moca.core.messages.reception import RecordWebhook
from moca.instagram.body import NotInstagram, NotJson
from moca.instagram.signature import signer
from moca.web.awaited import Awaited
from moca.web.bridge import Bridge, send_answer
from moca.web.config import Ports, WebConfig
from moca.web.health import OK
from moca.web.metrics import Metrics
from moca.web.problems import RETRY_SECONDS, Problem, problem
from moca.web.request_body import BodyReader
from moca.web.webhook import (
    LARGEST_BODY_BYTES,
    NOT_STORED,
    TAKEN_IN,
    WEBHOOK_PATH,
    read_events,
)

_LOG = structlog.get_logger(__name__)
_MAX_BODY_ON_LOOP_BYTES = 64 * 1024
"""A larger one would keep the others waiting while it is read, so a thread has it."""
_MAX_FORM_BYTES = 1024 * 1024
_WEBHOOK_THREADS = 16
_PROBE_THREADS = 4
_PROBES = frozenset({"/readyz", "/statusz", "/metrics"})
_RAW_WEBHOOK_PATH = WEBHOOK_PATH.encode()
_RESPELLED = re.compile(rb"^//|%(3\d|[46][1-9a-f]|[57][\da])", re.IGNORECASE)
"""Two slashes at the front, or a letter or digit that is encoded."""
_BODY_UNREAD = frozenset({400, 404, 408, 413})
"""After these the rest of a body is not waited for."""


_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(TAKEN_IN)).encode()),
    (b"x-content-type-options", b"nosniff"),
]


class Doorway:
    """The ASGI application: takes in a webhook that is as Meta sends it; all else is Flask's.

    A thread for each, which waits for a commit, costs more than to read and to store it. A body
    is read before it takes a thread, and webhooks and probes have threads of their own.

    Args:
        app: answers whatever else is asked, on threads of its own.
        ports: to the rest of the system.
        config: the secrets that may have signed, and how long a commit is waited for.
        metrics: told of each answer.
        threads: how many requests of people and programs Flask answers at a time.
    """

    def __init__(
        self, app: Flask, ports: Ports, config: WebConfig, metrics: Metrics, threads: int
    ) -> None:
        self._app = app
        self._bodies = BodyReader()
        self._webhooks = Bridge(app, _WEBHOOK_THREADS)
        self._probes = Bridge(app, _PROBE_THREADS)
        self._others = Bridge(app, threads)
        self._ports = ports
        self._config = config
        self._metrics = metrics
        self._awaited = Awaited()

    def close(self) -> None:
        """End Flask's threads, each after the answer it is about."""
        for bridge in (self._webhooks, self._probes, self._others):
            bridge.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI wants it."""
        if scope["type"] != "http":
            return
        is_webhook = scope["raw_path"] == _RAW_WEBHOOK_PATH
        try:
            _require_host(scope)
            if not is_webhook:
                await send_answer(send, await self._answer(scope, receive))
            elif scope["method"] != "POST":
                body = await self._bodies.read(receive, _MAX_FORM_BYTES)
                await send_answer(send, await self._webhooks.answer(scope, body))
            else:
                await self._take_in(scope, receive, send)
        except Problem as refused:
            self._metrics.request_refused(refused.status, is_webhook=is_webhook)
            await send_answer(send, self._refusal(refused))

    async def _answer(self, scope: HTTPScope, receive: Receive) -> Response:
        if _RESPELLED.search(scope["raw_path"]):
            raise Problem(404, "no address here is spelled so")
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            return _alive()
        body = await self._bodies.read(receive, _MAX_FORM_BYTES)
        bridge = self._probes if scope["path"] in _PROBES else self._others
        return await bridge.answer(scope, body)

    async def _take_in(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        body = await self._bodies.read(receive, LARGEST_BODY_BYTES)
        started = perf_counter()
        command = self._read(body, scope) if len(body) <= _MAX_BODY_ON_LOOP_BYTES else None
        if command is None:
            await send_answer(send, await self._webhooks.answer(scope, body))
            return
        is_stored = await self._is_stored(command)
        self._metrics.webhook_answered(200 if is_stored else 503, perf_counter() - started)
        if is_stored:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": TAKEN_IN})
        else:
            not_stored = Problem(503, NOT_STORED, retry_after_seconds=RETRY_SECONDS)
            await send_answer(send, self._refusal(not_stored))

    def _read(self, body: bytes, scope: HTTPScope) -> RecordWebhook | None:
        header = _header(scope, b"x-hub-signature-256")
        secret = signer(body, header.decode("latin1"), self._config.app_secrets)
        if secret is None:
            return None
        try:
            events = read_events(body, self._config)
        except (NotJson, NotInstagram):
            return None
        self._ports.note_signing(self._config.names[secret])
        return RecordWebhook(body, events, clock.now(), Future())

    async def _is_stored(self, command: RecordWebhook) -> bool:
        timeout_seconds = self._config.receipt_timeout.total_seconds()
        try:
            self._ports.tell(command)
            answer = command.receipt and await self._awaited.answer(
                command.receipt, timeout_seconds
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, only a commit may be told as one
            _LOG.warning("webhook.not_stored", error=type(error).__name__)
            return False
        return isinstance(answer, Done)

    def _refusal(self, refused: Problem) -> Response:
        with self._app.app_context():
            refusal = problem(
                refused.status, refused.message, retry_after_seconds=refused.retry_after_seconds
            )
        refusal.headers["X-Content-Type-Options"] = "nosniff"
        refusal.headers["Cache-Control"] = "no-store"
        if refused.status in _BODY_UNREAD:
            refusal.headers["Connection"] = "close"
        return refusal


def _alive() -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(f'{{"status":"{OK}"}}\n', mimetype="application/json", headers=headers)


def _require_host(scope: HTTPScope) -> None:
    if scope["http_version"] != "1.1":
        return
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not hosts[0]:
        raise Problem(400, "one Host header is needed")


def _header(scope: HTTPScope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
