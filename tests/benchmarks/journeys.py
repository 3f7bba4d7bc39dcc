import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.benchmarks.acks import CONNECTIONS
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import apart, write_all
from tests.benchmarks.support.servers import moca
from tests.benchmarks.support.standin import RecordingGraph

CONTACTS = 4000
PATIENCE_SECONDS = 120
UNLIMITED = {
    "conversation__debounce_seconds": 0,
    "conversation__cooldown_seconds": 0,
    "sender__per_second": 100_000,
    "sender__account_per_second": 100_000,
    "sender__user_cooldown_seconds": 0,
}


def figures() -> Iterator[Figure]:
    """Send all messages at once, without limits, and time the last reply's arrival."""
    with tempfile.TemporaryDirectory() as name, RecordingGraph() as graph:
        folder = Path(name)
        with moca(folder, instagram__graph_url=graph.url, **UNLIMITED) as server:
            server.settle()
            began = time.perf_counter()
            load = apart(write_all, server.port, CONTACTS, CONNECTIONS)
            graph.wait_for(CONTACTS, PATIENCE_SECONDS)
            server.settle()
        reached = [recipient for _, recipient in graph.arrivals]
        first = min(at for at, _ in graph.arrivals)
        seconds = graph.arrivals[-1][0] - max(began, first)
        yield Figure(
            f"whole journeys/s, webhook to sent, {CONTACTS:,} contacts",
            f"{CONTACTS / seconds:,.0f}/s",
            goal="≥ 800/s",
        )
        yield Figure("acks/s meanwhile", f"{load.per_second:,.0f}/s")
        lost, twice = CONTACTS - _sent(folder), len(reached) - len(set(reached))
        yield Figure("acked and not sent; sent twice", f"{lost}; {twice}")


def _sent(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "moca.db")) as database:
        sql = "select count(*) from queue_item where status = 'sent'"
        (sent,) = database.execute(sql).fetchone()
    return int(sent)
