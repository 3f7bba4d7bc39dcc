"""A call is bounded in time and size, whatever the server does."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar
from wsgiref.types import StartResponse

import pytest

from moca.core.content.content import Content
from moca.core.outbox.delivery import Unconfirmed
from moca.core.types import ContactKey
from moca.deadline import MAX_ANSWER_BYTES
from moca.instagram.graph import GraphClient
from moca.instagram.transport import GraphResponse, GraphTransport, NoResponse
from tests.instagram.conftest import Serve
from tests.support.factory import calls_at
from tests.support.values import of_kind

MAYA = ContactKey("17841400000000001", "28978671838402975")
TIMEOUT_SECONDS = 0.3
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def answering(begin: bytes, then: bytes) -> Iterator[str]:
    """Begin to answer every call, then repeat the same bytes until the client has gone."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = Thread(target=_answer, args=(server, begin, then, over))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def _answer(server: socket.socket, begin: bytes, then: bytes, over: Event) -> None:
    while not over.is_set():
        try:
            caller, _ = server.accept()
        except TimeoutError:
            continue
        with caller:
            caller.settimeout(1)
            try:
                caller.recv(65536)
                caller.sendall(begin)
                while not over.wait(0.02 if len(then) < 9 else 0):
                    caller.sendall(then)
            except OSError:
                continue


DRIPPING = [
    (b"HTTP/1.1 200", b" "),
    (HEAD + b"X-Slow: ", b"x"),
    (HEAD + b"Content-Length: 100000\r\n\r\n{", b" "),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
]


@pytest.mark.parametrize(("begin", "then"), DRIPPING)
def test_an_answer_that_drips_in_is_given_up(begin: bytes, then: bytes) -> None:
    with (
        answering(begin, then) as url,
        closing(GraphClient(calls_at(url, lambda _: "token"), TIMEOUT_SECONDS)) as client,
    ):
        result = client.send(MAYA, Content(text="hello"))
    assert result == Unconfirmed("no response within 0.3 s")


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with (
        answering(HEAD + b"Connection: close\r\n\r\n", b" " * 65536) as url,
        closing(GraphTransport(lambda _: None, timeout_seconds=30)) as transport,
    ):
        answer = transport.fetch("GET", url)
    assert answer == NoResponse("the response is larger than 4 MiB", arrived=True)


def test_an_answer_of_the_longest_length_is_read(serve: Serve) -> None:
    text = f'"{"x" * (MAX_ANSWER_BYTES - 2)}"'
    with closing(GraphTransport(lambda _: None, timeout_seconds=30)) as transport:
        answer = transport.fetch("GET", serve(lambda _, start: _whole(start, text)))
    assert isinstance(answer, GraphResponse)
    assert answer.document == text[1:-1]


def _whole(start: StartResponse, text: str) -> list[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
    start("200 OK", headers)
    return [text.encode()]


class Keeping(BaseHTTPRequestHandler):
    """Records each connection and its client's port."""

    protocol_version = "HTTP/1.1"
    ports: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.ports.append(self.client_address[1])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_a_connection_is_kept_from_one_call_to_the_next() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with closing(GraphTransport(lambda _: None, timeout_seconds=30)) as transport:
            answers = [transport.fetch("GET", url) for _ in range(3)]
        server.shutdown()
        thread.join()
    assert [of_kind(answer, GraphResponse).document for answer in answers] == [{}, {}, {}]
    assert len(Keeping.ports) == 3
    assert len(set(Keeping.ports)) == 1
