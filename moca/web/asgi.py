import asyncio
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from time import perf_counter
from typing import Any

from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send
from flask import Flask
from werkzeug.wrappers import Response

from moca.core.messages.command import Receipt
from moca.storage.queries.feed.events import last_feed_id
from moca.web.config import OK, WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.feed.long_poll import FEED_PATH, LongPoll
from moca.web.flask_bridge import FlaskBridge, send_answer
from moca.web.metrics.prometheus import Metrics
from moca.web.request_body import BodyReader
from moca.web.uploads.body import UploadReader, brings_file
from moca.web.uploads.routes import HEAD_ONLY, UPLOAD_PLACE
from moca.web.webhook import MAX_BODY_BYTES, TAKEN_IN, WEBHOOK_PATH, accept_webhook, require_stored


class ReceiptWaiter:
    """Awaits receipts that another thread answers, waking the loop once for many of them."""

    def __init__(self) -> None:
        self._answered: deque[asyncio.Future[None]] = deque()
        self._is_waking = False

    async def answer(self, receipt: Receipt, timeout_seconds: float) -> Any:
        """Wait for a receipt's answer; on a timeout the receipt stays valid.

        Raises:
            TimeoutError: If there is no answer in time.
            Exception: What the receipt holds instead.
        """
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        receipt.add_done_callback(lambda _receipt: self._hand_over(waiter))
        end = loop.call_later(timeout_seconds, _wake, waiter)
        try:
            await waiter
        finally:
            end.cancel()
        return receipt.result(timeout=0)

    def _hand_over(self, waiter: asyncio.Future[None]) -> None:
        loop = waiter.get_loop()
        self._answered.append(waiter)
        if not self._is_waking and not loop.is_closed():
            self._is_waking = True
            loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        # First, so that a receipt that comes after the last one was taken wakes the loop again.
        self._is_waking = False
        while self._answered:
            _wake(self._answered.popleft())


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


_MAX_BODY_ON_LOOP_BYTES = 64 * 1024
_MAX_COMMAS_ON_LOOP = 5_000
"""A larger body, or one with more items, would block the loop, so a thread reads it."""
_MAX_FORM_BYTES = 1024 * 1024
_WEBHOOK_THREADS = 16
_PROBE_THREADS = 4
_WRITERS = 2
_PROBES = frozenset({"/readyz", "/statusz", "/metrics"})
_RAW_WEBHOOK_PATH = WEBHOOK_PATH.encode()
_RESPELLED = re.compile(rb"^//|%(3\d|[46][1-9a-f]|[57][\da])", re.IGNORECASE)
"""Two slashes at the front, or a letter or digit that is encoded."""
_BODY_UNREAD = frozenset({400, 404, 408, 413})
"""After these the rest of a body is not read."""


_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(TAKEN_IN)).encode()),
    (b"x-content-type-options", b"nosniff"),
]


class WebhookGateway:
    """The ASGI application: handles well-formed webhooks itself and passes the rest to Flask.

    A thread per webhook, waiting for its commit, costs more than reading and storing it. A body is
    read before it takes a thread, and webhooks and probes have their own threads.

    Args:
        app: Answers all other requests, on its own threads.
        ports: The rest of the system.
        config: The app secrets, and how long to wait for a commit.
        metrics: Counts each answer.
        threads: How many page and API requests Flask answers at a time.
    """

    def __init__(
        self, app: Flask, ports: WebPorts, config: WebConfig, metrics: Metrics, threads: int
    ) -> None:
        self._app = app
        self._bodies = BodyReader()
        self._webhooks = FlaskBridge(app, _WEBHOOK_THREADS)
        self._probes = FlaskBridge(app, _PROBE_THREADS)
        self._others = FlaskBridge(app, threads)
        self._feed = LongPoll(self._others, self._last_feed_id)
        self._writers = ThreadPoolExecutor(_WRITERS, "upload")
        self._files = UploadReader(ports.uploads, self._writers)
        self._ports = ports
        self._config = config
        self._metrics = metrics
        self._awaited = ReceiptWaiter()

    def close(self) -> None:
        """End Flask's threads, each after its current answer."""
        self._feed.close()
        for bridge in (self._webhooks, self._probes, self._others):
            bridge.close()
        self._writers.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the ASGI entry point."""
        if scope["type"] != "http":
            return
        is_webhook = scope["raw_path"] == _RAW_WEBHOOK_PATH
        try:
            _require_host(scope)
            if not is_webhook:
                await self._others.send(send, await self._answer(scope, receive))
            elif scope["method"] != "POST":
                body = await self._bodies.read(receive, _MAX_FORM_BYTES)
                await send_answer(send, await self._webhooks.answer(scope, body))
            else:
                await self._take_in(scope, receive, send)
        except Problem as refused:
            self._metrics.request_refused(refused.status, is_webhook=is_webhook)
            refusal = self._refusal(refused)
            if refused.status in _BODY_UNREAD:
                refusal.headers["Connection"] = "close"
            await send_answer(send, refusal)

    async def _answer(self, scope: HTTPScope, receive: Receive) -> Response:
        if _RESPELLED.search(scope["raw_path"]):
            raise Problem(404, "The request address is malformed.")
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            return _alive()
        if brings_file(scope):
            return await self._take_file(scope, receive)
        body = await self._bodies.read(receive, _MAX_FORM_BYTES)
        if scope["path"] == FEED_PATH:
            return await self._feed.answer(scope, body, receive)
        bridge = self._probes if scope["path"] in _PROBES else self._others
        return await bridge.answer(scope, body)

    def _last_feed_id(self) -> int:
        with self._ports.database.connection_context():
            return last_feed_id()

    async def _take_file(self, scope: HTTPScope, receive: Receive) -> Response:
        asked = await self._others.answer(scope, b"", {HEAD_ONLY: True})
        if asked.status_code != HTTPStatus.NO_CONTENT:
            asked.headers["Connection"] = "close"  # The body stays unread.
            return asked
        async with self._files.read(receive, scope) as body:
            return await self._others.answer_stream(scope, body, {UPLOAD_PLACE: self._files.place})

    async def _take_in(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        body = await self._bodies.read(receive, MAX_BODY_BYTES)
        if not _is_quickly_read(body):
            await send_answer(send, await self._webhooks.answer(scope, body))
            return
        started = perf_counter()
        try:
            await self._store(body, _header(scope, b"x-hub-signature-256"))
        except Problem as refused:
            self._metrics.webhook_answered(refused.status, perf_counter() - started)
            await send_answer(send, self._refusal(refused))
            return
        self._metrics.webhook_answered(200, perf_counter() - started)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": TAKEN_IN})

    async def _store(self, body: bytes, signature: bytes) -> None:
        command = accept_webhook(body, signature.decode("latin1"), self._ports, self._config)
        timeout_seconds = self._config.receipt_timeout.total_seconds()
        outcome: object
        try:
            self._ports.tell(command)
            outcome = command.receipt and await self._awaited.answer(
                command.receipt, timeout_seconds
            )
        except Exception as error:  # noqa: BLE001 - on any error, only a commit may be reported as one
            outcome = error
        require_stored(outcome)

    def _refusal(self, refused: Problem) -> Response:
        with self._app.app_context():
            refusal = refused.as_json()
        refusal.headers["X-Content-Type-Options"] = "nosniff"
        refusal.headers["Cache-Control"] = "no-store"
        return refusal


def _alive() -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(f'{{"status":"{OK}"}}\n', mimetype="application/json", headers=headers)


def _is_quickly_read(body: bytes) -> bool:
    return len(body) <= _MAX_BODY_ON_LOOP_BYTES and body.count(b",") <= _MAX_COMMAS_ON_LOOP


def _require_host(scope: HTTPScope) -> None:
    if scope["http_version"] != "1.1":
        return
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not hosts[0]:
        raise Problem(400, "Send exactly one Host header.")


def _header(scope: HTTPScope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
