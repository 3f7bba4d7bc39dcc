import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from tests.benchmarks.acks import A_DAY, NOBODY
from tests.benchmarks.figures import Figure, beside, percentile
from tests.benchmarks.load import Load, apart, press
from tests.benchmarks.servers import Server, moca

DASHBOARDS = 50
EVERY_SECONDS = 2.0
CONNECTIONS = 16
ROUNDS = 7
ROUND_SECONDS = 6.0
WARM_UP_SECONDS = 2.0


def figures() -> Iterator[Figure]:
    """Compare the webhook's answers while 50 inboxes are open with those while none is."""
    slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
    with tempfile.TemporaryDirectory() as name, moca(Path(name), **slow) as server:
        quiet, watched, polls = _rounds(server)
    for share in (0.5, 0.99):
        yield beside(
            f"webhook answered with {DASHBOARDS} inboxes open, p{share * 100:.0f}",
            "{:.1f} ms",
            [percentile(load.latencies, share) * 1000 for load in watched],
            "none open",
            [percentile(load.latencies, share) * 1000 for load in quiet],
        )
    told = ", ".join(f"{number:,} x {status}" for status, number in sorted(polls.items()))
    yield Figure("what the inboxes were answered", told)


def _rounds(server: Server) -> tuple[list[Load], list[Load], Counter[int]]:
    firsts = count(step=1_000_000)
    apart(press, server.port, next(firsts), WARM_UP_SECONDS, CONNECTIONS)
    quiet, watched, polls = [], [], Counter[int]()
    for number in range(ROUNDS):
        # Whatever grows with the database weighs on both alike.
        for is_watched in (False, True) if number % 2 else (True, False):
            if is_watched:
                load, answers = _watched(server.port, next(firsts))
                watched.append(load)
                polls += answers
            else:
                quiet.append(apart(press, server.port, next(firsts), ROUND_SECONDS, CONNECTIONS))
            server.settle()
    return quiet, watched, polls


def _watched(port: int, first: int) -> tuple[Load, Counter[int]]:
    with ThreadPoolExecutor(2) as both:
        watching = both.submit(apart, watch, port, ROUND_SECONDS + EVERY_SECONDS)
        time.sleep(1)
        pressed = both.submit(apart, press, port, first, ROUND_SECONDS, CONNECTIONS)
        return pressed.result(), watching.result()


def watch(port: int, seconds: float) -> Counter[int]:
    """Keep the inbox open in 50 browsers; count what they were answered."""
    return asyncio.run(_watch(port, seconds))


async def _watch(port: int, seconds: float) -> Counter[int]:
    answers: Counter[int] = Counter()
    until = time.perf_counter() + seconds
    pauses = (number * EVERY_SECONDS / DASHBOARDS for number in range(DASHBOARDS))
    await asyncio.gather(*(_dashboard(port, pause, until, answers) for pause in pauses))
    return answers


async def _dashboard(port: int, pause: float, until: float, answers: Counter[int]) -> None:
    await asyncio.sleep(pause)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seen = b""
    while time.perf_counter() < until:
        writer.write(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Moca-Live: 1\r\n"
            b"Authorization: Bearer benchmark-token\r\nIf-None-Match: " + seen + b"\r\n\r\n"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        answers[int(head[9:12])] += 1
        seen = fields[b"etag"]
        await asyncio.sleep(EVERY_SECONDS)
    writer.close()
