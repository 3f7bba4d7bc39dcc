import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.memory import own_share, resident
from tests.benchmarks.servers import moca, post

_MIB = 1024 * 1024


def figures() -> Iterator[Figure]:
    """Weigh the service before anybody wrote."""
    with tempfile.TemporaryDirectory() as name, moca(Path(name)) as server:
        post(server.port, "/api/instagram/webhook", b"{}")
        server.settle()
        pids = server.pids()
        shares = [own_share(pid) / _MIB for pid in pids]
        residents = [resident(pid) / _MIB for pid in pids]
    yield _sum(f"idle memory, {len(pids)} processes, what they share counted once", shares)
    yield _sum("the same, what they share counted in each", residents)


def _sum(name: str, weights: list[float]) -> Figure:
    parts = " + ".join(f"{weight:.0f}" for weight in weights)
    return Figure(name, f"{sum(weights):.0f} MiB", ratio=parts)
