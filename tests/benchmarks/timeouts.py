import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from moca.instagram.signature import sign
from moca.settings.sections import SANDBOX_APP_SECRET
from tests.benchmarks.latency import DEBOUNCE_SECONDS, beyond
from tests.benchmarks.support.figures import Figure, percentile
from tests.benchmarks.support.load import WEBHOOK, body_of, psid_of
from tests.benchmarks.support.servers import BenchmarkServer, moca, post
from tests.benchmarks.support.standin import RecordingGraph

HANGING = 10
OTHERS = 20
TIMEOUT_SECONDS = 15
WARM_UP = 3


def figures() -> Iterator[Figure]:
    """Compare replies while nothing hangs with those to others while ten calls hang."""
    settings = {
        "conversation__debounce_seconds": DEBOUNCE_SECONDS,
        "sender__per_second": 10,
        "instagram__timeout_seconds": TIMEOUT_SECONDS,
    }
    with (
        tempfile.TemporaryDirectory() as name,
        RecordingGraph() as graph,
        moca(Path(name), instagram__graph_url=graph.url, **settings) as ours,
    ):
        smooth, rough = _delays(ours, graph)
    for share, what in ((0.5, "p50"), (1.0, "at most")):
        mine, other = (percentile(delays, share) for delays in (rough, smooth))
        yield Figure(
            f"reply while {HANGING} others hang, {what}",
            f"{mine:.1f} ms",
            f"nothing hangs {other:.1f} ms",
            f"{mine - other:+.1f} ms",
        )


def _delays(ours: BenchmarkServer, graph: RecordingGraph) -> tuple[list[float], list[float]]:
    numbers = count()
    smooth = [beyond(ours.port, WEBHOOK, next(numbers), graph) for _ in range(OTHERS)]
    hanging = [next(numbers) for _ in range(HANGING)]
    graph.hanging = frozenset(map(psid_of, hanging))
    before = len(graph.arrivals)
    for number in hanging:
        body = body_of(number)
        post(ours.port, WEBHOOK, body, {"X-Hub-Signature-256": sign(body, SANDBOX_APP_SECRET)})
    graph.wait_for(before + HANGING, TIMEOUT_SECONDS)
    rough = [beyond(ours.port, WEBHOOK, next(numbers), graph) for _ in range(OTHERS)]
    return smooth[WARM_UP:], rough
