import asyncio
import re
import string
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from time import perf_counter
from typing import Any
from urllib.parse import quote_from_bytes

import structlog
from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send
from a2wsgi.wsgi import build_environ
from flask import Flask
from werkzeug.wrappers import Response
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.receipt import Done, Receipt
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.signature import signer
from moca.web.config import OK, Ports, WebConfig
from moca.web.errors import RETRY_SECONDS, Problem, problem
from moca.web.metrics.prometheus import Metrics
from moca.web.request_body import BodyReader
from moca.web.webhook import LARGEST_BODY_BYTES, NOT_STORED, TAKEN_IN, WEBHOOK_PATH, read_events

_ASCII = string.ascii_letters + string.digits + string.punctuation
"""What a query may hold; other bytes come from clients that do not quote them."""
_MAX_WAITING = 1024
_MAX_HELD_BYTES = 64 * 1024 * 1024
"""Of the bodies of all requests that wait or are being answered."""


class Bridge:
    """Has Flask answer what comes by ASGI, on threads which never wait for the server's loop.

    So each ends by itself when the loop has ended first.

    Args:
        app: makes whole answers; none that streams.
        threads: how many requests are answered at a time; more wait, up to a bound.
    """

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, "flask")
        self._max_requests = threads + _MAX_WAITING
        self._requests = 0
        self._held_bytes = 0

    async def answer(self, scope: HTTPScope, body: bytes) -> WerkzeugResponse:
        """Have a request answered whose body has come.

        Raises:
            Problem: 503, too many wait already.
        """
        is_full = self._held_bytes + len(body) > _MAX_HELD_BYTES
        if is_full or self._requests >= self._max_requests:
            raise Problem(503, "too many requests wait already", retry_after_seconds=RETRY_SECONDS)
        self._requests += 1
        self._held_bytes += len(body)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._ask, scope, body)
        finally:
            self._requests -= 1
            self._held_bytes -= len(body)

    def close(self) -> None:
        """End the threads, each after the answer it is about."""
        self._threads.shutdown(cancel_futures=True)

    def _ask(self, scope: HTTPScope, body: bytes) -> WerkzeugResponse:
        stream: Any = BytesIO(body)
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        # As WSGI names them, X_Forwarded_For would pass for what a proxy says.
        headers = [each for each in scope["headers"] if b"_" not in each[0]]
        environ: Any = build_environ({**scope, "headers": headers, "query_string": query}, stream)
        # A body ends where its stream does, also where no length was announced.
        environ["wsgi.input_terminated"] = True
        return WerkzeugResponse.from_app(self._app.wsgi_app, environ, buffered=True)


async def send_answer(send: Send, answer: WerkzeugResponse) -> None:
    """Send what Flask answers."""
    headers = [(name.lower().encode(), value.encode("latin1")) for name, value in answer.headers]
    status = answer.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.get_data()})


class Awaited:
    """Lets coroutines wait for receipts that another thread answers; many wake the loop once."""

    def __init__(self) -> None:
        self._answered: deque[asyncio.Future[None]] = deque()
        self._is_waking = False

    async def answer(self, receipt: Receipt, timeout_seconds: float) -> Any:
        """Wait for a receipt's answer, which is left as it is if it does not come in time.

        Raises:
            TimeoutError: it did not come in time.
            Exception: what the receipt holds instead.
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
        # First, so that whoever comes after the last one is taken has the loop woken again.
        self._is_waking = False
        while self._answered:
            _wake(self._answered.popleft())


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


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
