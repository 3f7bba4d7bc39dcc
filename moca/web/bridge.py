import asyncio
import string
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi.asgi_typing import HTTPScope, Receive, Send
from a2wsgi.wsgi import build_environ
from flask import Flask
from werkzeug.wrappers import Response

from moca.web.webhook import LARGEST_BODY_BYTES

_ASCII = string.ascii_letters + string.digits + string.punctuation
"""What a query may hold; other bytes come from clients that do not quote them."""


class Bridge:
    """Has Flask answer what comes by ASGI, on threads which never wait for the server's loop.

    So each ends by itself when the loop has ended first.

    Args:
        app: makes whole answers; none that streams.
        threads: how many requests are answered at a time; more wait before their body is read.
    """

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, "flask")
        self._room = asyncio.Semaphore(threads)

    async def pass_on(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request whose body is still to be received."""
        async with self._room:
            body = await receive_body(receive)
            if body is not None:
                await self._have_answered(scope, body, send)

    async def pass_on_with(self, scope: HTTPScope, body: bytes, send: Send) -> None:
        """Answer a request whose body was received already."""
        async with self._room:
            await self._have_answered(scope, body, send)

    def close(self) -> None:
        """End the threads, each after the answer it is about."""
        self._threads.shutdown()

    async def _have_answered(self, scope: HTTPScope, body: bytes, send: Send) -> None:
        loop = asyncio.get_running_loop()
        await send_answer(send, await loop.run_in_executor(self._threads, self._ask, scope, body))

    def _ask(self, scope: HTTPScope, body: bytes) -> Response:
        stream: Any = BytesIO(body)
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        environ: Any = build_environ({**scope, "query_string": query}, stream)
        # A body ends where its stream does, also where no length was announced.
        environ["wsgi.input_terminated"] = True
        return Response.from_app(self._app.wsgi_app, environ, buffered=True)


async def receive_body(receive: Receive) -> bytes | None:
    """Receive a body, or as much as shows that it is too large; None if the client went away."""
    body = bytearray()
    while len(body) <= LARGEST_BODY_BYTES:
        event = await receive()
        if event["type"] != "http.request":
            return None
        body += event.get("body", b"")
        if not event.get("more_body", False):
            break
    return bytes(body)


async def send_answer(send: Send, answer: Response) -> None:
    """Send what Flask answers."""
    headers = [(name.lower().encode(), value.encode("latin1")) for name, value in answer.headers]
    status = answer.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.get_data()})
