"""A push service on this machine, which opens what it gets as a browser would."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from urllib3 import HTTPConnectionPool

from moca.core.push import PushSubscription, SubscriptionKeys

HOST = "push.example.com"


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    found: bytes = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return found


class Browser:
    """A browser's keys, and what it makes of a message."""

    def __init__(self, number: int = 1) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"sixteen secrets!"
        keys = SubscriptionKeys(in_base64(point_of(self._key)), in_base64(self._auth))
        self.subscription = PushSubscription(number, f"https://{HOST}/send/{number}?v=2", keys)

    def opened(self, body: bytes) -> dict[str, str]:
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth)
        found: dict[str, str] = json.loads(plain)
        return found


class FakePushService:
    """Records requests, and answers as scripted, then with 201."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.requests: list[tuple[str, Any, bytes]] = []
        self.answers: list[Any] = []

    def connect(self, host: str, timeout_seconds: float) -> HTTPConnectionPool:
        """Stand in for the connection to a host of the Internet."""
        assert host == HOST
        return HTTPConnectionPool("127.0.0.1", self._port, timeout=timeout_seconds, retries=False)


@contextmanager
def push_service() -> Iterator[FakePushService]:
    """Serve while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.requests.append((self.path, dict(self.headers), body))
            status, headers = service.answers.pop(0) if service.answers else (201, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: str) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = FakePushService(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def claims_of(authorization: str, public_key: str) -> dict[str, int | str]:
    """Return the claims of a VAPID header that this key has signed."""
    kind, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (kind, parts["k"]) == ("vapid", public_key)
    assert Vapid02.verify(authorization)
    claims = parts["t"].split(".")[1]
    found: dict[str, int | str] = json.loads(
        base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    )
    return found
