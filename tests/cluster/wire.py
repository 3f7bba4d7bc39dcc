"""TCP proxies whose traffic can be held or cut."""

import contextlib
import socket
import socketserver
from itertools import count
from threading import Event, Thread

REACHED_WITHIN_SECONDS = 1

Place = int | tuple[str, int]


class Wire:
    """Listens, and connects each client to the next of some addresses that accepts it.

    An address is a port of this machine, or a host with a port.
    """

    def __init__(self, *places: Place, host: str = "127.0.0.1") -> None:
        self._whole = Event()
        self._whole.set()
        self._ends: set[socket.socket] = set()
        turns = count()
        wire = self

        class Visit(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                turn = next(turns)
                for number in range(len(places)):
                    node = _reach(places[(turn + number) % len(places)])
                    if node is not None:
                        wire.join(self.request, node)
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server((host, 0), Visit)
        self.port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Drop all traffic silently, as if a cable were out."""
        self._whole.clear()

    def mend(self) -> None:
        """Allow new connections; the earlier ones stay dead."""
        for end in tuple(self._ends):
            _shut(end)
        self._whole.set()

    def close(self) -> None:
        """Close everything; return when all threads have ended."""
        self._server.shutdown()
        self.mend()
        self._server.server_close()
        self._thread.join()

    def join(self, current_user: socket.socket, node: socket.socket) -> None:
        """Relay traffic in both directions until one side closes."""
        self._ends |= {current_user, node}
        back = Thread(target=self._pass_on, args=(node, current_user), daemon=True)
        back.start()
        self._pass_on(current_user, node)
        back.join()
        self._ends -= {current_user, node}
        node.close()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._whole.wait()
                target.sendall(data)
        for side in (source, target):
            _shut(side)


def _shut(side: socket.socket) -> None:
    with contextlib.suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)


def _reach(place: Place) -> socket.socket | None:
    address = place if isinstance(place, tuple) else ("127.0.0.1", place)
    try:
        node = socket.create_connection(address, timeout=REACHED_WITHIN_SECONDS)
    except OSError:
        return None
    node.settimeout(None)
    return node
