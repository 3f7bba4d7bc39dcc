import asyncio
import base64
import hashlib
import hmac
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, cycle, islice, repeat
from typing import Any

from moca.instagram.signature import sign
from moca.settings.sections import SANDBOX_ACCOUNT_ID, SANDBOX_APP_SECRET

WEBHOOK = "/api/instagram/webhook"
_PREBUILT_PER_SECOND = 12_000
_PSIDS = 9 * 10**16
_SCATTER = 6_364_136_223_846_793_007


@dataclass
class Load:
    """The responses of one round."""

    began: float = 0.0
    """By `time.perf_counter`, which all processes of a machine share on Linux."""
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Of the responses with status 200, in seconds."""
    others: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def apart(work: Callable[..., Any], *args: Any) -> Any:
    """Run it in a fresh process, so that it takes only a core from what is measured."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as process:
        return process.submit(work, *args).result()


def press(port: int, first: int, seconds: float, connections: int) -> Load:
    """Keep this many connections busy with messages of new contacts, one after another."""
    requests = [signed_request(first + number) for number in range(_prebuilt(seconds))]
    return asyncio.run(_press((port,), iter(requests), seconds, connections))


def press_again(port: int, seconds: float, connections: int) -> Load:
    """Keep this many connections busy with the same messages again and again."""
    requests = [signed_request(number) for number in range(_PREBUILT_PER_SECOND)]
    return asyncio.run(_press((port,), cycle(requests), seconds, connections))


def arrive(port: int, first: int, seconds: float, connections: int, per_second: int) -> Load:
    """Send new contacts' messages at a steady rate, whether the earlier are answered or not.

    If every connection is busy, a message waits, which counts as the server's delay.
    """
    requests = [signed_request(first + number) for number in range(int(seconds * per_second))]
    return asyncio.run(_press((port,), iter(requests), seconds, connections, 1 / per_second))


def write_all(port: int, contacts: int, connections: int) -> Load:
    """Send one message from each contact, as fast as they are answered."""
    requests = [signed_request(number) for number in range(contacts)]
    return asyncio.run(_press((port,), iter(requests), float("inf"), connections))


def write_all_to(ports: Sequence[int], first: int, contacts: int, connections: int) -> Load:
    """Send one message from each contact, numbered from the first, to the ports in turn."""
    requests = [signed_request(first + number) for number in range(contacts)]
    return asyncio.run(_press(ports, iter(requests), float("inf"), connections))


def press_batches(port: int, first: int, seconds: float, updates: int) -> Load:
    """Post one body of many updates after another, each of a new contact, on one connection."""
    prebuilt = range(int(seconds * _PREBUILT_PER_SECOND / updates))
    starts = (first + number * updates for number in prebuilt)
    requests = [signed(body_of(*range(start, start + updates))) for start in starts]
    return asyncio.run(_press((port,), iter(requests), seconds, 1))


def signed_request(number: int) -> bytes:
    """Return the whole request with the first message of a contact."""
    return signed(body_of(number))


def signed(body: bytes) -> bytes:
    """Return the whole request with this body."""
    signed_by = "".join(f"{name}: {value}\r\n" for name, value in signatures(body).items())
    head = (
        f"POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{signed_by}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def signatures(body: bytes) -> dict[str, str]:
    """Sign as Meta does, which still sends the older signature beside the newer."""
    older = hmac.new(SANDBOX_APP_SECRET.encode(), body, hashlib.sha1).hexdigest()
    return {
        "X-Hub-Signature": f"sha1={older}",
        "X-Hub-Signature-256": sign(body, SANDBOX_APP_SECRET),
    }


def psid_of(number: int) -> str:
    """Return an id scattered like Instagram's, which matters to an index."""
    return str(10**16 + number * _SCATTER % _PSIDS)


def mid_of(psid: str, number: int) -> str:
    """Return a message's id, as long as Instagram's."""
    name = f"ig_dm:message_id:{SANDBOX_ACCOUNT_ID}:{psid}:{number:060}"
    return base64.b64encode(name.encode()).decode()


def body_of(*numbers: int) -> bytes:
    """Return a body with messages of these contacts."""
    now_ms = int(time.time() * 1000)
    said = [_said(number, now_ms) for number in numbers]
    entry = {"id": SANDBOX_ACCOUNT_ID, "time": now_ms, "messaging": said}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


def _said(number: int, now_ms: int) -> dict[str, object]:
    psid = psid_of(number)
    said = {"mid": mid_of(psid, number), "text": "Where is my order?"}
    return {
        "sender": {"id": psid},
        "recipient": {"id": SANDBOX_ACCOUNT_ID},
        "timestamp": now_ms,
        "message": said,
    }


def _prebuilt(seconds: float) -> int:
    return int(seconds * _PREBUILT_PER_SECOND)


async def _press(
    ports: Sequence[int],
    requests: Iterator[bytes],
    seconds: float,
    connections: int,
    apart_seconds: float = 0.0,
) -> Load:
    loop, load = asyncio.get_running_loop(), Load()
    began = load.began = time.perf_counter()
    pace = count(began, apart_seconds) if apart_seconds else repeat(0.0)
    clients = [
        (await loop.create_connection(lambda: _Client(requests, pace, load, seconds), port=port))[1]
        for port in islice(cycle(ports), connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    load.seconds = time.perf_counter() - began
    return load


class _Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(
        self, requests: Iterator[bytes], pace: Iterator[float], load: Load, seconds: float
    ) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._pace = pace
        self._load = load
        self._until = time.perf_counter() + seconds
        self._answer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self._answer = b""
        if head[9:12] == b"200":
            self._load.latencies.append(time.perf_counter() - self._asked)
        else:
            self._load.others += 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))

    def _ask(self) -> None:
        now = time.perf_counter()
        self._asked = next(self._pace) or now
        if self._asked >= self._until or not (request := next(self._requests, b"")):
            self.done.set_result(None)
            self._transport.close()
        elif self._asked <= now:
            self._transport.write(request)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._asked - now, self._transport.write, request)


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
