import contextlib
import multiprocessing
import socket
import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread

_CHUNK_BYTES = 65536

_Late = SimpleQueue[tuple[float, bytes]]
"""When to pass each chunk on, by `time.monotonic`."""


@contextlib.contextmanager
def delaying_proxy(port: int, round_trip_seconds: float) -> Iterator[int]:
    """Relay connections to a port of this machine, and delay what it answers; yield the own port.

    Chunks are delayed side by side, as on a long wire, so that a pipeline waits only once. The
    proxy has its own process, which takes no turns of the interpreter from what is measured; it
    sleeps in threads because an event loop rounds timeouts to milliseconds.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(listener, port, round_trip_seconds), daemon=True
        )
        process.start()
        try:
            yield listener.getsockname()[1]
        finally:
            process.kill()
            process.join()


def _serve(listener: socket.socket, port: int, delay_seconds: float) -> None:
    while True:
        client, _ = listener.accept()
        Thread(target=_join, args=(client, port, delay_seconds), daemon=True).start()


def _join(client: socket.socket, port: int, delay_seconds: float) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        late: _Late = SimpleQueue()
        relays = [
            Thread(target=_relay, args=(client, server), daemon=True),
            Thread(target=_relay_late, args=(late, client), daemon=True),
        ]
        for relay in relays:
            relay.start()
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK_BYTES):
                late.put((time.monotonic() + delay_seconds, data))
        late.put((time.monotonic() + delay_seconds, b""))
        for relay in relays:
            relay.join()


def _relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
    _end(target)


def _relay_late(late: _Late, target: socket.socket) -> None:
    while True:
        at, data = late.get()
        time.sleep(max(0.0, at - time.monotonic()))
        if not data:
            _end(target)
            return
        with contextlib.suppress(OSError):
            target.sendall(data)


def _end(target: socket.socket) -> None:
    # A server whose client was killed must hear of it, or it keeps the client's locks.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
