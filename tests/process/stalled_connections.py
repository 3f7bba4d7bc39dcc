"""Clients that open connections and then send nothing more, as slow loris attacks do."""

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from selectors import SelectorKey
from threading import Event, Thread

from tests.process.kill_traffic import WEBHOOK

HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
MAX_SECONDS = 120
SORTS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: loc",
    HEAD.format(path=WEBHOOK, length=10).encode(),
    HEAD.format(path=WEBHOOK, length=4_000_000).encode() + bytes(20_000),
    HEAD.format(path="/login", length=10).encode() + b"name",
    HEAD.format(path="/instagram/deauthorize", length=4_000_000).encode(),
)
"""Silent, half a head, and bodies that never end."""


class StalledConnections:
    """Keeps this many connections open, replacing those that the server closes."""

    def __init__(self, port: int, count: int) -> None:
        self.answers: set[str] = set()
        """The status lines with which the server closed them; empty if there was none."""
        self._port = port
        self._count = count
        self._sorts = cycle(SORTS)
        self._are_open = Event()
        self._ending = Event()
        self._thread = Thread(target=self._run, name="stalled connections", daemon=True)

    def start(self) -> None:
        """Start; return once all are open."""
        self._thread.start()
        assert self._are_open.wait(MAX_SECONDS), "they could not all be opened"

    def end(self) -> None:
        """Close all connections."""
        self._ending.set()
        self._thread.join(MAX_SECONDS)

    def _run(self) -> None:
        deadline = time.monotonic() + MAX_SECONDS
        with selectors.DefaultSelector() as selector:
            try:
                while not self._ending.is_set() and time.monotonic() < deadline:
                    with suppress(ConnectionError):
                        self._fill(selector)
                    for key, _ in selector.select(0.1):
                        self._take_answer(selector, _connection(key))
            finally:
                for key in list(selector.get_map().values()):
                    _connection(key).close()

    def _fill(self, selector: selectors.BaseSelector) -> None:
        while len(selector.get_map()) < self._count and not self._ending.is_set():
            connection = socket.create_connection(("127.0.0.1", self._port), 10)
            selector.register(connection, selectors.EVENT_READ)
            connection.sendall(next(self._sorts))
            connection.setblocking(False)
        self._are_open.set()

    def _take_answer(self, selector: selectors.BaseSelector, connection: socket.socket) -> None:
        try:
            told = connection.recv(65_536)
        except ConnectionResetError:
            told = b""
        self.answers.add(told.partition(b"\r\n")[0].decode())
        selector.unregister(connection)
        connection.close()


def _connection(key: SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


@contextmanager
def stalled_connections(port: int, count: int) -> Iterator[StalledConnections]:
    """Keep them open while the block runs."""
    stalled = StalledConnections(port, count)
    try:
        stalled.start()
        yield stalled
    finally:
        stalled.end()
