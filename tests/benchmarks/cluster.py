"""Several nodes, on a PostgreSQL and a RabbitMQ started for this benchmark alone."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.journeys import UNLIMITED
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.nodes import BenchmarkCluster, journeys_of
from tests.benchmarks.support.servers import moca
from tests.benchmarks.support.standin import RecordingGraph
from tests.cluster.own import own_postgresql, own_rabbitmq

NODES = 1, 2, 3


def figures() -> Iterator[Figure]:
    """Send all messages at once to 1, 2 and 3 nodes; then kill one, and the one that sends."""
    yield from _on_sqlite()
    with ExitStack() as stack:
        postgresql, rabbitmq = own_postgresql(), own_rabbitmq()
        for server in (postgresql, rabbitmq):
            stack.callback(server.close)
            server.start()
        for number in NODES:
            with BenchmarkCluster(postgresql, rabbitmq, number) as system:
                yield from system.journeys()
                if number == max(NODES):
                    yield from system.failovers()


def _on_sqlite() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name, RecordingGraph() as graph:
        settings = {"instagram__graph_url": graph.url, "server__threads": 64, **UNLIMITED}
        with moca(Path(name), **settings) as server:
            yield from journeys_of("one machine, SQLite", [server], graph, {})
