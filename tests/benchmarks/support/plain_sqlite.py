"""What Moca's acknowledgements could cost at least: the same rows, written by one thread."""

import asyncio
import hmac
import os
import sys
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from a2wsgi.asgi_typing import Receive, Scope, Send

from moca.instagram.signature import sign
from moca.settings.sections import SANDBOX_APP_SECRET
from tests.benchmarks.support.bare_asgi import acknowledge, read_body, serve
from tests.benchmarks.support.plain_writer import PlainMessage, PlainWriter

DATABASE_VARIABLE = "PLAIN_SQLITE_DATABASE"
_SIGNATURE = b"x-hub-signature-256"

_Waiting = tuple[PlainMessage, asyncio.Future[None]]


class PlainServer:
    """Verifies, parses and stores each webhook, and answers after the commit."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        Thread(target=self._write, name="persistence", daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a webhook; the ASGI entry point."""
        body = await read_body(receive)
        assert scope["type"] == "http"
        signature = dict(scope["headers"])[_SIGNATURE].decode()
        assert hmac.compare_digest(sign(body, SANDBOX_APP_SECRET), signature)
        committed = asyncio.get_running_loop().create_future()
        self._waiting.put((PlainMessage.read(body, time.time_ns() // 1000), committed))
        await committed
        await acknowledge(send)

    def _write(self) -> None:
        writer = PlainWriter(self._database)
        while True:
            waiting = self._take_all()
            writer.store([message for message, _ in waiting])
            committed = [each for _, each in waiting]
            committed[0].get_loop().call_soon_threadsafe(_resolve, committed)

    def _take_all(self) -> list[_Waiting]:
        """Wait for one message, and take all that came meanwhile: they share a commit."""
        taken = [self._waiting.get()]
        try:
            while True:
                taken.append(self._waiting.get_nowait())
        except Empty:
            return taken


def _resolve(committed: list[asyncio.Future[None]]) -> None:
    for each in committed:
        if not each.done():
            each.set_result(None)


def create_server() -> PlainServer:
    return PlainServer(Path(os.environ[DATABASE_VARIABLE]))


if __name__ == "__main__":
    serve("tests.benchmarks.support.plain_sqlite:create_server", int(sys.argv[1]), is_factory=True)
