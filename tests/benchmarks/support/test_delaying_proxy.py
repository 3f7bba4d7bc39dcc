import socket
import socketserver
from collections.abc import Iterator
from threading import Thread

import pytest

from tests.benchmarks.support.delaying_proxy import delaying_proxy

SAID = bytes(range(256)) * 4096


class ReturnBytes(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture
def echo_port() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), ReturnBytes) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_every_byte_arrives_in_order_and_so_does_the_end(echo_port: int) -> None:
    with (
        delaying_proxy(echo_port, 0.001) as port,
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        sending = Thread(target=_send_all, args=(connection,))
        sending.start()
        heard = b"".join(iter(lambda: connection.recv(65536), b""))
        sending.join()
    assert heard == SAID


def _send_all(connection: socket.socket) -> None:
    connection.sendall(SAID)
    connection.shutdown(socket.SHUT_WR)
