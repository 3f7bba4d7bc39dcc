import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.acks import CONNECTIONS
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import apart, write_all
from tests.benchmarks.servers import moca
from tests.benchmarks.standin import StandIn

CONTACTS = {3: 45, 100: 1000}
"""How many write at once, by the replies a second that are allowed."""


def figures() -> Iterator[Figure]:
    """Compare what goes out in a second with what may, as Instagram sees it."""
    for per_second, contacts in CONTACTS.items():
        starts = _starts(per_second, contacts)
        share = _fastest(contacts, per_second) / (starts[-1] - starts[0])
        yield Figure(
            f"{contacts:,} replies at {per_second}/s: rate used",
            f"{share * per_second:.2f}/s",
            f"allowed {per_second}/s",
            f"{share:.4f}",
        )
        yield Figure("most in any window of 1 s", str(_most(starts)), f"allowed {per_second}")


def _starts(per_second: int, contacts: int) -> list[float]:
    settings = {"conversation__debounce_seconds": 0, "sender__per_second": per_second}
    with tempfile.TemporaryDirectory() as name, StandIn() as graph:
        with moca(Path(name), instagram__graph_url=graph.url, **settings) as ours:
            apart(write_all, ours.port, contacts, CONNECTIONS)
            graph.wait_for(contacts, 3 * contacts / per_second + 10)
        return [at for at, _ in graph.arrivals]


def _fastest(contacts: int, per_second: int) -> float:
    """Say how long it takes at least from the first start to the last."""
    return (contacts - 1) // per_second


def _most(starts: Sequence[float]) -> int:
    most = first = 0
    for number, start in enumerate(starts):
        while start - starts[first] >= 1:
            first += 1
        most = max(most, number - first + 1)
    return most
