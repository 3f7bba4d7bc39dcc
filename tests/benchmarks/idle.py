import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.memory import resident
from tests.benchmarks.servers import moca, post

_MIB = 1024 * 1024


def figures() -> Iterator[Figure]:
    """Weigh the service before anybody wrote."""
    with tempfile.TemporaryDirectory() as name, moca(Path(name)) as server:
        post(server.port, "/api/instagram/webhook", b"{}")
        server.settle()
        weights = [resident(pid) / _MIB for pid in server.pids()]
    yield Figure(
        f"idle memory, {len(weights)} processes",
        f"{sum(weights):.0f} MiB",
        ratio=" + ".join(f"{weight:.0f}" for weight in weights),
    )
