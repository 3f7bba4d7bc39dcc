from concurrent.futures import Future
from time import perf_counter

import structlog
from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send
from flask import Flask, Response

from moca import clock
from moca.core.messages.receipt import Done
from moca.core.messages.reception import RecordWebhook
from moca.instagram.body import NotInstagram, NotJson
from moca.instagram.signature import signer
from moca.web.awaited import Awaited
from moca.web.bridge import Bridge, receive_body, send_answer
from moca.web.config import Ports, WebConfig
from moca.web.metrics import Metrics
from moca.web.problems import problem
from moca.web.webhook import NOT_STORED, TAKEN_IN, WEBHOOK_PATH, read_events

_LOG = structlog.get_logger(__name__)
_LARGEST_BODY_BYTES = 64 * 1024
"""A larger one would keep the others waiting while it is read, so a thread has it."""
_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(TAKEN_IN)).encode()),
    (b"x-content-type-options", b"nosniff"),
]


class Doorway:
    """The ASGI application: takes in a webhook that is as Meta sends it; all else is Flask's.

    A thread for each, which waits for a commit, costs more than to read and to store it.

    Args:
        app: answers whatever else is asked, on threads of its own.
        ports: to the rest of the system.
        config: the secrets that may have signed, and how long a commit is waited for.
        metrics: told of each answer.
        threads: how many requests Flask answers at a time.
    """

    def __init__(
        self, app: Flask, ports: Ports, config: WebConfig, metrics: Metrics, threads: int
    ) -> None:
        self._app = app
        self._bridge = Bridge(app, threads)
        self._ports = ports
        self._config = config
        self._metrics = metrics
        self._awaited = Awaited()

    def close(self) -> None:
        """End Flask's threads, each after the answer it is about."""
        self._bridge.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI wants it."""
        if scope["type"] != "http":
            return
        if not _is_webhook(scope):
            await self._bridge.pass_on(scope, receive, send)
        elif (body := await receive_body(receive)) is not None:
            await self._take_in(scope, body, send)

    async def _take_in(self, scope: HTTPScope, body: bytes, send: Send) -> None:
        started = perf_counter()
        command = self._read(body, scope)
        if command is None:
            await self._bridge.pass_on_with(scope, body, send)
            return
        is_stored = await self._is_stored(command)
        self._metrics.webhook_answered(200 if is_stored else 503, perf_counter() - started)
        if is_stored:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": TAKEN_IN})
        else:
            await send_answer(send, self._refusal())

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

    def _refusal(self) -> Response:
        with self._app.app_context():
            refusal = problem(503, NOT_STORED)
        refusal.headers["X-Content-Type-Options"] = "nosniff"
        return refusal


def _is_webhook(scope: HTTPScope) -> bool:
    if scope["path"] != WEBHOOK_PATH or scope["method"] != "POST":
        return False
    length = _header(scope, b"content-length")
    return length.isdigit() and int(length) <= _LARGEST_BODY_BYTES


def _header(scope: HTTPScope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
