"""The least that an answer costs on Moca's server: an ASGI view that drops what it has read.

The client is what bounds its rate, so its processor time says more.
"""

import sys

from a2wsgi.asgi_typing import Receive, Scope, Send
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

_CONNECTIONS = 256
_ANSWER = b"EVENT_RECEIVED"
_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_ANSWER))]


async def receive_webhook(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and drop it."""
    await read_body(receive)
    await acknowledge(send)


async def read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        event = await receive()
        assert event["type"] == "http.request"
        body += event.get("body", b"")
        if not event.get("more_body"):
            return body


async def acknowledge(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def serve(target: str, port: int, *, is_factory: bool = False) -> None:
    """Serve an ASGI application as Moca is served."""
    Granian(
        target,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        workers=1,
        backpressure=_CONNECTIONS,
        log_level=LogLevels.error,
        factory=is_factory,
    ).serve()


if __name__ == "__main__":
    serve("tests.benchmarks.support.bare_asgi:receive_webhook", int(sys.argv[1]))
