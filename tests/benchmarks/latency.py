import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from moca.instagram.signature import sign
from moca.settings.sections import SANDBOX_APP_SECRET
from tests.benchmarks.support.figures import Figure, beside, percentile
from tests.benchmarks.support.load import WEBHOOK, body_of, psid_of
from tests.benchmarks.support.servers import BenchmarkServer, bare, moca, post
from tests.benchmarks.support.standin import RecordingGraph

CONTACTS = 40
WARM_UP = 3
DEBOUNCE_SECONDS = 0.3


def figures() -> Iterator[Figure]:
    """Compare how long after the debounce a reply is sent, one contact at a time."""
    settings = {"conversation__debounce_seconds": DEBOUNCE_SECONDS, "sender__per_second": 100}
    with tempfile.TemporaryDirectory() as name, RecordingGraph() as graph:
        folder = Path(name)
        with moca(folder, instagram__graph_url=graph.url, **settings) as ours, bare(folder) as its:
            mine, theirs = _rounds(ours, its, graph)
    for share in (0.5, 0.95):
        of = partial(percentile, share=share)
        yield beside(
            f"reply beyond the debounce, p{share * 100:.0f}",
            "{:.1f} ms",
            [of(mine)],
            "a bare timer",
            [of(theirs)],
        )


def _rounds(
    ours: BenchmarkServer, its: BenchmarkServer, graph: RecordingGraph
) -> tuple[list[float], list[float]]:
    obvious = f"{WEBHOOK}?graph={graph.url}/&seconds={DEBOUNCE_SECONDS}"
    mine, theirs = [], []
    for number in range(CONTACTS):
        mine.append(beyond(ours.port, WEBHOOK, number, graph))
        theirs.append(beyond(its.port, obvious, number, graph))
    return mine[WARM_UP:], theirs[WARM_UP:]


def beyond(port: int, path: str, number: int, graph: RecordingGraph) -> float:
    """Send one message; return by how many ms its reply came later than the debounce."""
    body = body_of(number)
    headers = {"X-Hub-Signature-256": sign(body, SANDBOX_APP_SECRET)}
    before, asked = len(graph.arrivals), time.perf_counter()
    status = post(port, path, body, headers)
    graph.wait_for(before + 1, 30)
    arrived, recipient = graph.arrivals[-1]
    assert (status, recipient) == (200, psid_of(number))
    return (arrived - asked - DEBOUNCE_SECONDS) * 1000
