import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

from tests.benchmarks.support.figures import Figure, beside, percentile
from tests.benchmarks.support.load import Load, apart, press
from tests.benchmarks.support.servers import BenchmarkServer, bare, moca

CONNECTIONS = 64
THREADS = 64
ROUNDS = 5
ROUND_SECONDS = 3.0
WARM_UP_SECONDS = 1.0
A_DAY = 86_400
NOBODY = "http://127.0.0.1:9"

_BARE = "bare Flask"


def figures(threads: int = THREADS) -> Iterator[Figure]:
    """Compare durable answers with those of a view that stores nothing, on the same server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
        with moca(folder, server__threads=threads, **slow) as ours, bare(folder, threads) as theirs:
            loads = in_turns(ours, theirs, ROUNDS)
        mine, its = loads[ours][1:], loads[theirs][1:]
        yield beside(
            f"durable acks/s, {CONNECTIONS} connections",
            "{:,.0f}/s",
            [load.per_second for load in mine],
            _BARE,
            [load.per_second for load in its],
        )
        for share in (0.5, 0.99):
            yield _latency(share, mine, its)
        yield _kept(loads[ours], folder)


def in_turns(
    ours: BenchmarkServer, theirs: BenchmarkServer, rounds: int
) -> dict[BenchmarkServer, list[Load]]:
    """Load both servers in turn, for this many rounds after one to warm up."""
    loads: dict[BenchmarkServer, list[Load]] = defaultdict(list)
    first = count(step=1_000_000)
    for number in range(rounds + 1):
        for server in (ours, theirs):
            seconds = ROUND_SECONDS if number else WARM_UP_SECONDS
            loads[server].append(apart(press, server.port, next(first), seconds, CONNECTIONS))
            server.settle()
    return loads


def _latency(share: float, mine: list[Load], its: list[Load]) -> Figure:
    of = partial(percentile, share=share)
    return beside(
        f"answered within, p{share * 100:.0f}",
        "{:.1f} ms",
        [of(load.latencies) * 1000 for load in mine],
        _BARE,
        [of(load.latencies) * 1000 for load in its],
    )


def _kept(loads: list[Load], folder: Path) -> Figure:
    acked = sum(len(load.latencies) for load in loads)
    with closing(sqlite3.connect(folder / "moca.db")) as database:
        (stored,) = database.execute("select count(*) from message where role = 'user'").fetchone()
    others = sum(load.others for load in loads)
    return Figure("acked but not stored; answered otherwise", f"{acked - stored}; {others}")
