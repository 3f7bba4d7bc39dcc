import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from a2wsgi.asgi_typing import HTTPScope, Receive
from werkzeug.wrappers import Response

from moca.web.flask_bridge import FlaskBridge

FEED_PATH = "/api/events"
WAITING = "moca.waiting"
"""The name in a request's environment of its `Waiting`."""
_LOOKS_EVERY_SECONDS = 0.5
_MAX_WAITING = 100


@dataclass(slots=True)
class Waiting:
    """Set by the view if there is nothing to read yet."""

    seconds: int = 0
    after: int = 0
    """The last event that was looked at."""


class LongPoll:
    """Answers readers of the feed once there is something to read, without a thread meanwhile.

    Each look reads one number of the database, however many wait, and sees what other nodes write
    too. Every answer is given by Flask, so access is checked again. For the server's loop only.

    Args:
        bridge: Answers each request.
        last_id: Returns the id of the feed's last event; blocking.
    """

    def __init__(self, bridge: FlaskBridge, last_id: Callable[[], int]) -> None:
        self._bridge = bridge
        self._last_id = last_id
        self._thread = ThreadPoolExecutor(1, "feed")
        self._look: asyncio.Future[int] | None = None
        self._waiting = 0
        self._is_closed = False

    async def answer(self, scope: HTTPScope, body: bytes, receive: Receive) -> Response:
        """Answer a request; once too many wait, at once."""
        loop = asyncio.get_running_loop()
        answer, waiting = await self._ask(scope, body)
        until = loop.time() + waiting.seconds
        if not waiting.seconds or self._waiting >= _MAX_WAITING:
            return answer
        self._waiting += 1
        left = asyncio.ensure_future(receive())
        try:
            while waiting.seconds and loop.time() < until and not self._is_closed:
                await asyncio.wait({left}, timeout=min(_LOOKS_EVERY_SECONDS, until - loop.time()))
                if left.done():
                    break  # The client has gone.
                if await self._looked() > waiting.after:
                    answer, waiting = await self._ask(scope, body)
        finally:
            left.cancel()
            self._waiting -= 1
        return answer

    def close(self) -> None:
        """Answer those who wait within half a second."""
        self._is_closed = True
        self._thread.shutdown()

    async def _ask(self, scope: HTTPScope, body: bytes) -> tuple[Response, Waiting]:
        waiting = Waiting()
        return await self._bridge.answer(scope, body, {WAITING: waiting}), waiting

    async def _looked(self) -> int:
        if self._is_closed:
            return 0
        if self._look is None or self._look.done():
            loop = asyncio.get_running_loop()
            self._look = loop.run_in_executor(self._thread, self._last_id)
        return await asyncio.shield(self._look)
