import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from a2wsgi.asgi_typing import ASGIApp

from moca.instagram.signature import sign
from tests.web.test_webhook import ADDRESS


@dataclass
class Answer:
    """The response of an ASGI application."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def take(self, event: Any) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            told = event["headers"]
            self.headers = {name.decode(): value.decode() for name, value in told}
        self.body += event.get("body", b"")


def knock(door: ASGIApp, *pieces: bytes, **asked: Any) -> Answer:
    """Send a request whose body comes in these pieces, signed as a whole."""
    return asyncio.run(ask(door, *pieces, **asked))


async def ask(
    door: ASGIApp,
    *pieces: bytes,
    secret: str = "second-secret",
    method: str = "POST",
    path: str = ADDRESS,
    query: bytes = b"",
    version: str = "1.1",
    headers: Mapping[str, str | None] | None = None,
    goes_away: bool = False,
    stays: bool = False,
) -> Answer:
    """Send a request as `knock` does, on the running loop."""
    body = b"".join(pieces)
    told = {
        "host": "localhost",
        "content-length": str(len(body)),
        "x-hub-signature-256": sign(body, secret),
        **(headers or {}),
    }
    scope: Any = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query,
        "http_version": version,
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "headers": [(k.encode(), v.encode()) for k, v in told.items() if v is not None],
    }
    events = [
        {"type": "http.request", "body": piece, "more_body": goes_away or piece is not pieces[-1]}
        for piece in pieces
    ]
    coming = iter(events)
    answer = Answer()

    async def receive() -> Any:
        event = next(coming, None)
        if event is None and stays:
            await asyncio.get_running_loop().create_future()
        return event or {"type": "http.disconnect"}

    await door(scope, receive, answer.take)
    return answer
