from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from wsgiref.types import WSGIApplication

import pytest
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

Serve = Callable[[WSGIApplication], str]
"""Serves an application on a real port; returns its URL."""


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args: object, **kwargs: object) -> None:
        pass

    def send_response(self, code: int, message: str | None = None) -> None:
        # The app's own Date must take precedence over the server's.
        self.send_response_only(code, message)


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    server = ThreadedWSGIServer("127.0.0.1", 0, app, QuietHandler)
    server.daemon_threads = False
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a WSGI app on a real port and returns its URL."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(served(app))
