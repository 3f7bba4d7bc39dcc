import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests.benchmarks.acks import A_DAY, NOBODY
from tests.benchmarks.support.figures import Figure, percentile
from tests.benchmarks.support.load import Load, apart, press, press_batches
from tests.benchmarks.support.servers import moca

UPDATES = 1000
SECONDS = 5.0
SINGLE_CONNECTIONS = 2


def figures() -> Iterator[Figure]:
    """Post bodies of a thousand updates, and single messages beside them."""
    with tempfile.TemporaryDirectory() as name:
        slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
        with moca(Path(name), **slow) as server:
            apart(press, server.port, 0, 1.0, SINGLE_CONNECTIONS)
            batches, singles = _at_once(server.port)
        yield Figure(
            f"updates/s stored, {UPDATES:,} in each body",
            f"{batches.per_second * UPDATES:,.0f}/s",
        )
        for share in (0.5, 0.99):
            waited = percentile(singles.latencies, share) * 1000
            yield Figure(f"a single message meanwhile, p{share * 100:.0f}", f"{waited:.0f} ms")
        acked = len(batches.latencies) * UPDATES + len(singles.latencies)
        yield Figure("acked but not stored", f"{max(0, acked - _stored(Path(name)))}")


def _at_once(port: int) -> tuple[Load, Load]:
    with ThreadPoolExecutor(2) as both:
        batches = both.submit(apart, press_batches, port, 10_000_000, SECONDS, UPDATES)
        singles = both.submit(apart, press, port, 1_000_000, SECONDS, SINGLE_CONNECTIONS)
        return batches.result(), singles.result()


def _stored(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "moca.db")) as database:
        (stored,) = database.execute("select count(*) from message where role = 'user'").fetchone()
    return int(stored)
