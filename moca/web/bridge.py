import asyncio
import string
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi.asgi_typing import HTTPScope, Send
from a2wsgi.wsgi import build_environ
from flask import Flask
from werkzeug.wrappers import Response

from moca.web.problems import RETRY_SECONDS, Problem

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

    async def answer(self, scope: HTTPScope, body: bytes) -> Response:
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

    def _ask(self, scope: HTTPScope, body: bytes) -> Response:
        stream: Any = BytesIO(body)
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        # As WSGI names them, X_Forwarded_For would pass for what a proxy says.
        headers = [each for each in scope["headers"] if b"_" not in each[0]]
        environ: Any = build_environ({**scope, "headers": headers, "query_string": query}, stream)
        # A body ends where its stream does, also where no length was announced.
        environ["wsgi.input_terminated"] = True
        return Response.from_app(self._app.wsgi_app, environ, buffered=True)


async def send_answer(send: Send, answer: Response) -> None:
    """Send what Flask answers."""
    headers = [(name.lower().encode(), value.encode("latin1")) for name, value in answer.headers]
    status = answer.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.get_data()})
