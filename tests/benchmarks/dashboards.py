import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event

from tests.benchmarks.acks import A_DAY, NOBODY
from tests.benchmarks.support.figures import Figure, beside, percentile
from tests.benchmarks.support.load import Load, apart, arrive, press
from tests.benchmarks.support.servers import BenchmarkServer, moca

DASHBOARDS = 50
EVERY_SECONDS = 2.0
CONNECTIONS = 16
PER_SECOND = 300
ROUNDS = 12
ROUND_SECONDS = 3.0
WARM_UP_SECONDS = 2.0
_POLLED = (
    ("/conversations/{}", 1),
    ("/", 2),
    ("/conversations/{}/contact", 3),
    ("/needs-reply", 3),
)
"""What the page of a conversation polls, every so many turns."""


def figures() -> Iterator[Figure]:
    """Compare the webhook's answers while 50 inboxes are open with those while none is.

    At first at the rate of a million messages an hour, then at the maximum rate.
    """
    slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
    polls = Counter[int]()
    with tempfile.TemporaryDirectory() as name, moca(Path(name), **slow) as server:
        firsts = count(step=1_000_000)
        apart(press, server.port, next(firsts), WARM_UP_SECONDS, CONNECTIONS)
        for how, load in ((f"{PER_SECOND}/s", _steady), ("saturated", _saturated)):
            quiet, watched = _latencies(server, partial(load, firsts), polls)
            for share in (0.5, 0.99):
                yield beside(
                    f"{DASHBOARDS} inboxes open, webhooks {how}: p{share * 100:.0f}",
                    "{:.1f} ms",
                    [percentile(watched, share) * 1000],
                    "none open",
                    [percentile(quiet, share) * 1000],
                )
    told = ", ".join(f"{number:,} x {status}" for status, number in sorted(polls.items()))
    yield Figure("what the inboxes were answered", told)


def _steady(firsts: Iterator[int], port: int) -> Load:
    load: Load = apart(arrive, port, next(firsts), ROUND_SECONDS, CONNECTIONS, PER_SECOND)
    return load


def _saturated(firsts: Iterator[int], port: int) -> Load:
    load: Load = apart(press, port, next(firsts), ROUND_SECONDS, CONNECTIONS)
    return load


def _latencies(
    server: BenchmarkServer, load: Callable[[int], Load], polls: Counter[int]
) -> tuple[list[float], list[float]]:
    """Return the latencies of all rounds together: a few are too few for a 99th percentile."""
    quiet: list[float] = []
    watched: list[float] = []
    for number in range(ROUNDS):
        # Whatever grows with the database, or drifts, affects both alike.
        for is_watched in (True, False) if number % 2 else (False, True):
            with _dashboards(server.port, polls) if is_watched else nullcontext():
                answered = load(server.port).latencies
            (watched if is_watched else quiet).extend(answered)
            server.settle()
    return quiet, watched


@contextmanager
def _dashboards(port: int, polls: Counter[int]) -> Iterator[None]:
    """Keep the inbox open in 50 browsers while the block runs; count the responses."""
    is_over = Event()
    with ThreadPoolExecutor(1) as beside:
        watching = beside.submit(asyncio.run, _watch(port, is_over, polls))
        try:
            yield
        finally:
            is_over.set()
        watching.result()


async def _watch(port: int, is_over: Event, answers: Counter[int]) -> None:
    await asyncio.gather(
        *(_dashboard(port, number, is_over, answers) for number in range(DASHBOARDS))
    )


async def _dashboard(port: int, number: int, is_over: Event, answers: Counter[int]) -> None:
    """Poll as a page does that shows a conversation beside the list."""
    await asyncio.sleep(number * EVERY_SECONDS / DASHBOARDS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seen: dict[str, bytes] = {}
    for turn in count(number):
        if is_over.is_set():
            break
        for address, every in _POLLED:
            if turn % every:
                continue
            path = address.format(number + 1)
            head, fields = await _poll(reader, writer, path, seen.get(path, b""))
            answers[int(head[9:12])] += 1
            seen[path] = fields[b"etag"]
        await asyncio.sleep(EVERY_SECONDS)
    writer.close()


async def _poll(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, seen: bytes
) -> tuple[bytes, dict[bytes, bytes]]:
    writer.write(
        b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nX-Moca-Live: 1\r\n"
        b"Authorization: Bearer benchmark-token\r\nIf-None-Match: " + seen + b"\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return head, fields
