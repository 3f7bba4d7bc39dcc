import asyncio

from a2wsgi.asgi_typing import Receive

from moca.web.errors import Problem

FIRST_BYTE_SECONDS = 5
BODY_SECONDS = 10
_MAX_HELD_BYTES = 64 * 1024 * 1024


class BodyReader:
    """Reads request bodies, each within a deadline, and all of them within a memory budget.

    Once the budget is spent, the body that was begun first is dropped: well-behaved clients send
    theirs within milliseconds. For the server's loop only.

    Args:
        max_held_bytes: Of all unfinished bodies.
    """

    def __init__(self, max_held_bytes: int = _MAX_HELD_BYTES) -> None:
        self._max_held_bytes = max_held_bytes
        self._held: dict[asyncio.Timeout, int] = {}
        """Bytes received of each unfinished body, the one begun first at the front."""
        self._held_bytes = 0

    async def read(self, receive: Receive, max_bytes: int) -> bytes:
        """Return a whole body.

        Raises:
            Problem: 400 if the client left early; 408 if it was too slow; 413 if it has more than
                `max_bytes`.
        """
        try:
            async with asyncio.timeout(FIRST_BYTE_SECONDS) as deadline:
                piece, is_last = await receive_piece(receive)
                if not is_last:
                    deadline.reschedule(_body_ends_at(deadline))
                    piece = await self._read_on(bytearray(piece), receive, max_bytes, deadline)
        except TimeoutError:
            raise Problem(408, "The request body did not arrive in time. Send it again.") from None
        _require_size(piece, max_bytes)
        return piece

    async def _read_on(
        self, body: bytearray, receive: Receive, max_bytes: int, deadline: asyncio.Timeout
    ) -> bytes:
        is_last = False
        try:
            self._hold(deadline, len(body))
            while not is_last and len(body) <= max_bytes:
                piece, is_last = await receive_piece(receive)
                self._hold(deadline, len(piece))
                body += piece
        finally:
            self._held_bytes -= self._held.pop(deadline, 0)
        return bytes(body)

    def _hold(self, deadline: asyncio.Timeout, size: int) -> None:
        self._held[deadline] = self._held.get(deadline, 0) + size
        self._held_bytes += size
        while self._held_bytes > self._max_held_bytes:
            first = next(iter(self._held))
            self._held_bytes -= self._held.pop(first)
            if not first.expired():
                first.reschedule(0)


async def receive_piece(receive: Receive) -> tuple[bytes, bool]:
    """Return the next piece of a body, and whether it is the last.

    Raises:
        Problem: 400 if the client left.
    """
    event = await receive()
    if event["type"] != "http.request":
        raise Problem(400, "The request body is incomplete.")
    return event.get("body", b""), not event.get("more_body", False)


def _body_ends_at(first_byte_deadline: asyncio.Timeout) -> float:
    began_at = (first_byte_deadline.when() or 0) - FIRST_BYTE_SECONDS
    return began_at + BODY_SECONDS


def _require_size(body: bytes, max_bytes: int) -> None:
    if len(body) > max_bytes:
        raise Problem(413, f"The request body is larger than {max_bytes} bytes.")
