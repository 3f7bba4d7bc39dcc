import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count, repeat
from pathlib import Path
from threading import Event

from tests.benchmarks.acks import A_DAY, NOBODY
from tests.benchmarks.support.figures import Figure, beside, percentile
from tests.benchmarks.support.load import Load, apart, arrive, press
from tests.benchmarks.support.open_inbox import OpenInbox
from tests.benchmarks.support.servers import BenchmarkServer, moca

DASHBOARDS = 50
EVERY_SECONDS = 2.0
CONNECTIONS = 16
PER_SECOND = 300
ROUNDS = 12
ROUND_SECONDS = 3.0
WARM_UP_SECONDS = 2.0
TOKEN = "benchmark-token"


def figures() -> Iterator[Figure]:
    """Compare the webhook's answers while 50 inboxes are open with those while none is.

    At first at the rate of a million messages an hour, then at the maximum rate. The inboxes have
    been open for long, and each refreshes what it shows as a browser does.
    """
    slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
    polls = Counter[int]()
    with tempfile.TemporaryDirectory() as name, moca(Path(name), **slow) as server:
        firsts = count(step=1_000_000)
        apart(press, server.port, next(firsts), WARM_UP_SECONDS, CONNECTIONS)
        inboxes = asyncio.run(_open_all(server.port))
        for how, load in ((f"{PER_SECOND}/s", _steady), ("saturated", _saturated)):
            quiet, watched = _latencies(server, partial(load, firsts), inboxes, polls)
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
    server: BenchmarkServer,
    load: Callable[[int], Load],
    inboxes: Sequence[OpenInbox],
    polls: Counter[int],
) -> tuple[list[float], list[float]]:
    """Return the latencies of all rounds together: a few are too few for a 99th percentile."""
    quiet: list[float] = []
    watched: list[float] = []
    for number in range(ROUNDS):
        # Whatever grows with the database, or drifts, affects both alike.
        for is_watched in (True, False) if number % 2 else (False, True):
            with _polling(inboxes, polls) if is_watched else nullcontext():
                answered = load(server.port).latencies
            (watched if is_watched else quiet).extend(answered)
            server.settle()
    return quiet, watched


@contextmanager
def _polling(inboxes: Sequence[OpenInbox], polls: Counter[int]) -> Iterator[None]:
    """Keep 50 inboxes open while the block runs; count the responses to them.

    Before it they take up what has changed while they rested, which an open inbox does not.
    """
    asyncio.run(_catch_up(inboxes))
    is_over = Event()
    with ThreadPoolExecutor(1) as beside:
        watching = beside.submit(asyncio.run, _poll_all(inboxes, is_over, polls))
        try:
            yield
        finally:
            is_over.set()
        watching.result()


async def _catch_up(inboxes: Sequence[OpenInbox]) -> None:
    for inbox in inboxes:
        async with inbox.connected():
            await inbox.catch_up()


async def _poll_all(inboxes: Sequence[OpenInbox], is_over: Event, polls: Counter[int]) -> None:
    spread = (number * EVERY_SECONDS / len(inboxes) for number in range(len(inboxes)))
    await asyncio.gather(*map(_poll, inboxes, spread, repeat(is_over), repeat(polls)))


async def _poll(
    inbox: OpenInbox, first_after_seconds: float, is_over: Event, polls: Counter[int]
) -> None:
    await asyncio.sleep(first_after_seconds)
    async with inbox.connected():
        while not is_over.is_set():
            polls.update(await inbox.refresh())
            await asyncio.sleep(EVERY_SECONDS)


async def _open_all(port: int) -> list[OpenInbox]:
    inboxes = [OpenInbox(port, turn=number) for number in range(DASHBOARDS)]
    for number, inbox in enumerate(inboxes, 1):
        async with inbox.connected():
            await inbox.open(f"/conversations/{number}", TOKEN)
    return inboxes
