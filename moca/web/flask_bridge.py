import asyncio
import string
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote_from_bytes

from a2wsgi.asgi_typing import HTTPScope, Send
from a2wsgi.wsgi import build_environ
from flask import Flask
from werkzeug.wrappers import Response as WerkzeugResponse
from werkzeug.wsgi import FileWrapper

from moca.web.errors import RETRY_SECONDS, Problem

_ASCII = string.ascii_letters + string.digits + string.punctuation
"""Valid in a query; other bytes come from clients that do not quote them."""
_MAX_WAITING = 1024
_MAX_HELD_BYTES = 64 * 1024 * 1024
"""For the bodies of all requests that are waiting or being answered."""


_MAX_BUFFERED_BYTES = 1024 * 1024
"""A longer answer, which is a file, is sent in pieces as its receiver takes them."""
_PIECE_BYTES = 256 * 1024
_Marks = Mapping[str, object]


class FlaskBridge:
    """Answers ASGI requests with Flask, on threads that never wait for the server's loop.

    Each thread therefore ends by itself if the loop has ended first.

    Args:
        app: Answers each request.
        threads: How many requests run at a time; more wait, up to a limit.
    """

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, "flask")
        self._max_requests = threads + _MAX_WAITING
        self._requests = 0
        self._held_bytes = 0

    async def answer(
        self, scope: HTTPScope, body: bytes, marks: _Marks | None = None
    ) -> WerkzeugResponse:
        """Answer a request whose body has been read; pass the answer to `send`.

        Args:
            scope: The request.
            body: Its whole body.
            marks: Added to the request's environment, under names that no client can set.

        Raises:
            Problem: 503 if too many are waiting.
        """
        if self._held_bytes + len(body) > _MAX_HELD_BYTES:
            raise _too_many()
        self._held_bytes += len(body)
        try:
            return await self.answer_stream(scope, BytesIO(body), marks)
        finally:
            self._held_bytes -= len(body)

    async def answer_stream(
        self, scope: HTTPScope, body: IO[bytes], marks: _Marks | None = None
    ) -> WerkzeugResponse:
        """Answer a request whose body is in a file, as `answer` does."""
        if self._requests >= self._max_requests:
            raise _too_many()
        self._requests += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._ask, scope, body, marks or {})
        finally:
            self._requests -= 1

    async def send(self, send: Send, answer: WerkzeugResponse) -> None:
        """Send an answer, in pieces if it is long."""
        if answer.is_sequence:
            await send_answer(send, answer)
            return
        loop = asyncio.get_running_loop()
        pieces = answer.iter_encoded()
        try:
            await send(_head(answer))
            while piece := await loop.run_in_executor(self._threads, next, pieces, b""):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            answer.close()

    def close(self) -> None:
        """End the threads, each after its current answer."""
        self._threads.shutdown(cancel_futures=True)

    def _ask(self, scope: HTTPScope, stream: Any, marks: _Marks) -> WerkzeugResponse:
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        # In WSGI's naming, X_Forwarded_For would pass for a proxy's header.
        headers = [each for each in scope["headers"] if b"_" not in each[0]]
        environ: Any = build_environ({**scope, "headers": headers, "query_string": query}, stream)
        # The stream marks the end of a body, even if no length was declared.
        environ["wsgi.input_terminated"] = True
        environ["wsgi.file_wrapper"] = _file_wrapper
        environ.update(marks)
        answer = WerkzeugResponse.from_app(self._app.wsgi_app, environ)
        if (answer.content_length or 0) <= _MAX_BUFFERED_BYTES:
            answer.make_sequence()
            answer.close()
        return answer


def _file_wrapper(file: IO[bytes], _usual_bytes: int = 0) -> FileWrapper:
    return FileWrapper(file, _PIECE_BYTES)


async def send_answer(send: Send, answer: WerkzeugResponse) -> None:
    """Send an answer that is complete."""
    await send(_head(answer))
    await send({"type": "http.response.body", "body": answer.get_data()})


def _head(answer: WerkzeugResponse) -> Any:
    headers = [(name.lower().encode(), value.encode("latin1")) for name, value in answer.headers]
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


def _too_many() -> Problem:
    return Problem(503, "Too many requests are waiting.", retry_after_seconds=RETRY_SECONDS)
