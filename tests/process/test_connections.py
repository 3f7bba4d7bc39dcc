"""Stalled connections, and traffic beside them."""

import resource
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.process.conftest import OURS
from tests.process.kill_traffic import WEBHOOK, webhook_status
from tests.process.service import BRISK, Service, eventually
from tests.process.stalled_connections import stalled_connections

CONNECTIONS = 1_000
WEBHOOKS = 100
SLOW = "HTTP/1.1 408 Request Timeout"


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Allow the test itself this many sockets."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def raw(service: Service, *sent: bytes, ends: bool = False) -> str:
    """Send raw bytes, and return everything received until the connection ends."""
    with socket.create_connection(("127.0.0.1", service.port), 15) as connection:
        connection.sendall(b"".join(sent))
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


@pytest.fixture
def service(make: Callable[[dict[str, Any]], Service]) -> Service:
    """A service that is started with the usual low limit of open files."""
    service = make(BRISK | OURS)
    service.prefix = ("bash", "-c", 'ulimit -Sn 256 && exec "$@"', "few-files")
    service.start()
    return service


@pytest.mark.usefixtures("_many_files")
def test_a_thousand_stalled_connections_cost_webhooks_and_pages_nothing(service: Service) -> None:
    with stalled_connections(service.port, CONNECTIONS) as stalled:
        statuses = {webhook_status(service.url, f"7{number}") for number in range(WEBHOOKS)}
        assert statuses == {200}
        assert service.answers()
        assert requests.get(f"{service.url}/login", timeout=15).status_code == 200
        assert service.get("/api/stats")["open"] > 0
        # All of them are closed in the end: some with a response, some had sent no request.
        eventually(lambda: stalled.answers >= {"", SLOW})
    assert stalled.answers == {"", SLOW}


@pytest.mark.usefixtures("_many_files")
def test_stalled_connections_do_not_hold_up_an_orderly_stop(service: Service) -> None:
    with stalled_connections(service.port, CONNECTIONS):
        assert service.stop() == 0


HANDSHAKE = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def test_what_is_not_http_as_it_should_be_is_refused(standing: Service) -> None:
    post = f"POST {WEBHOOK} HTTP/1.1\r\nHost: h\r\n".encode()
    assert raw(standing, HANDSHAKE).startswith("HTTP/1.1 200 OK\r\n")
    refused = {
        "without a host": raw(standing, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"),
        "cut off": raw(standing, post, b"Content-Length: 10\r\n\r\n{", ends=True),
        "cut off in a chunk": raw(
            standing, post, b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", ends=True
        ),
        "two lengths": raw(standing, post, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    }
    assert {name: told.split("\r\n")[0] for name, told in refused.items()} == dict.fromkeys(
        refused, "HTTP/1.1 400 Bad Request"
    )


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ],
)
def test_no_second_request_hides_in_a_body_of_two_lengths(
    standing: Service, lengths: bytes
) -> None:
    head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: h\r\n".encode()
    told = raw(standing, head, lengths, b"\r\n0\r\n\r\n", HANDSHAKE)
    # The server drops the length before Moca sees it, so it cannot be refused for having both; it
    # is read by its chunks, and the connection ends with it, as RFC 9112 demands.
    assert told.count("HTTP/1.1 ") == 1
    assert told.startswith("HTTP/1.1 403 ")
    assert "\r\nconnection: close\r\n" in told
