import asyncio
import string
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi.asgi_typing import HTTPScope, Send
from a2wsgi.wsgi import build_environ
from flask import Flask
from werkzeug.wrappers import Response as WerkzeugResponse

from moca.web.errors import RETRY_SECONDS, Problem

_ASCII = string.ascii_letters + string.digits + string.punctuation
"""Valid in a query; other bytes come from clients that do not quote them."""
_MAX_WAITING = 1024
_MAX_HELD_BYTES = 64 * 1024 * 1024
"""For the bodies of all requests that are waiting or being answered."""


class FlaskBridge:
    """Answers ASGI requests with Flask, on threads that never wait for the server's loop.

    Each thread therefore ends by itself if the loop has ended first.

    Args:
        app: Returns complete answers; streaming is not supported.
        threads: How many requests run at a time; more wait, up to a limit.
    """

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, "flask")
        self._max_requests = threads + _MAX_WAITING
        self._requests = 0
        self._held_bytes = 0

    async def answer(self, scope: HTTPScope, body: bytes) -> WerkzeugResponse:
        """Answer a request whose body has been read.

        Raises:
            Problem: 503 if too many are waiting.
        """
        is_full = self._held_bytes + len(body) > _MAX_HELD_BYTES
        if is_full or self._requests >= self._max_requests:
            raise Problem(503, "Too many requests are waiting.", retry_after_seconds=RETRY_SECONDS)
        self._requests += 1
        self._held_bytes += len(body)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._ask, scope, body)
        finally:
            self._requests -= 1
            self._held_bytes -= len(body)

    def close(self) -> None:
        """End the threads, each after its current answer."""
        self._threads.shutdown(cancel_futures=True)

    def _ask(self, scope: HTTPScope, body: bytes) -> WerkzeugResponse:
        stream: Any = BytesIO(body)
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        # In WSGI's naming, X_Forwarded_For would pass for a proxy's header.
        headers = [each for each in scope["headers"] if b"_" not in each[0]]
        environ: Any = build_environ({**scope, "headers": headers, "query_string": query}, stream)
        # The stream marks the end of a body, even if no length was declared.
        environ["wsgi.input_terminated"] = True
        return WerkzeugResponse.from_app(self._app.wsgi_app, environ, buffered=True)


async def send_answer(send: Send, answer: WerkzeugResponse) -> None:
    """Send Flask's answer."""
    headers = [(name.lower().encode(), value.encode("latin1")) for name, value in answer.headers]
    status = answer.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.get_data()})
