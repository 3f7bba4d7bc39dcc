import asyncio
import json
import threading
import time
from typing import Any, Self

_ANSWER = b'{"recipient_id":"1","message_id":"m-%d"}'


class RecordingGraph:
    """A Graph API that only records each text's arrival and recipient; has its own thread.

    It runs in the measuring process, so that both ends share one clock.
    """

    def __init__(self, answers_after_seconds: float = 0.0) -> None:
        self.answers_after_seconds = answers_after_seconds
        self.arrivals: list[tuple[float, str]] = []
        """When, by `time.perf_counter`, and the recipient."""
        self.hanging: frozenset[str] = frozenset()
        """Calls to these recipients are never answered."""
        self._count = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in")

    def __enter__(self) -> Self:
        self._thread.start()
        opening = self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for(self, arrivals: int, seconds: float) -> None:
        """Wait for this many arrivals.

        Raises:
            TimeoutError: If they are late.
        """
        with self._count:
            if not self._count.wait_for(lambda: len(self.arrivals) >= arrivals, seconds):
                raise TimeoutError(f"{len(self.arrivals)} of {arrivals} arrived")

    def note(self, at: float, recipient: str) -> int:
        with self._count:
            self.arrivals.append((at, recipient))
            self._count.notify_all()
            return len(self.arrivals)


class _Connection(asyncio.Protocol):
    def __init__(self, stand_in: RecordingGraph) -> None:
        self._stand_in = stand_in
        self._request = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        head, end, body = self._request.partition(b"\r\n\r\n")
        length = int((head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]) or 0)
        if not end or len(body) < length:
            return
        at, self._request = time.perf_counter(), b""
        answer = b'{"data":[]}'
        if head.startswith(b"POST"):
            recipient = _recipient(json.loads(body))
            answer = _ANSWER % self._stand_in.note(at, recipient)
            if recipient in self._stand_in.hanging:
                return
        self._answer(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(answer), answer)
        )

    def _answer(self, response: bytes) -> None:
        if seconds := self._stand_in.answers_after_seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, response)
        else:
            self._transport.write(response)


def _recipient(document: dict[str, Any]) -> str:
    if "recipient" in document:
        return str(document["recipient"]["id"])
    return str(document["entry"][0]["messaging"][0]["sender"]["id"])
