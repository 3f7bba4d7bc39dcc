"""Several nodes, on a PostgreSQL and a RabbitMQ started for this benchmark alone."""

import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.journeys import UNLIMITED
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.nodes import BenchmarkCluster, Burst, OwnServers, burst, own_servers
from tests.benchmarks.support.picture import Bars
from tests.benchmarks.support.servers import moca
from tests.benchmarks.support.standin import RecordingGraph

NODES = 1, 2, 3


@dataclass(frozen=True)
class ClusterPlan:
    """How many messages to send at once, and how often to fail each node."""

    contacts: int
    failures: int


USUAL = ClusterPlan(contacts=2000, failures=3)
QUICK = ClusterPlan(contacts=300, failures=1)


def figures(plan: ClusterPlan = USUAL) -> Iterator[Figure]:
    """Send all messages at once to 1, 2 and 3 nodes; then let nodes fail."""
    yield from _figures("one machine, SQLite", _on_sqlite(plan.contacts))
    with own_servers() as servers:
        bursts: dict[int, Burst] = {}
        for number in NODES:
            with BenchmarkCluster(servers, number) as cluster:
                bursts[number] = cluster.burst(plan.contacts)
            yield from _figures(_named(number), bursts[number])
        yield _costs(bursts)
        yield from _failovers(servers, plan.failures)


def _on_sqlite(contacts: int) -> Burst:
    with tempfile.TemporaryDirectory() as name, RecordingGraph() as graph:
        settings = {"instagram__graph_url": graph.url, "server__threads": 64, **UNLIMITED}
        with moca(Path(name), **settings) as server:
            return burst([server], graph, {}, contacts)


def _figures(who: str, found: Burst) -> Iterator[Figure]:
    rates = f"{found.acks_per_second:,.0f}/s; {found.journeys_per_second:,.0f}/s"
    yield Figure(f"{who}: acks/s; whole journeys/s", rates)
    shares = "; ".join(f"{name} {each:.1f}" for name, each in found.cpu_ms.items())
    yield Figure("processor time of a journey, ms", shares)
    yield Figure("answered otherwise; sent twice", f"{found.others}; {found.twice}")


def _costs(bursts: dict[int, Burst]) -> Figure:
    costs = {number: sum(found.cpu_ms.values()) for number, found in bursts.items()}
    first, last = costs[min(NODES)], costs[max(NODES)]
    return Figure(
        f"processor time of a journey with {_named(max(NODES))}, servers included",
        f"{last:.1f} ms",
        f"{_named(min(NODES))} {first:.1f} ms",
        f"{last / first:.2f}",
        "≤ 1.15",
        Bars(
            "processor time of a journey, ms",
            {_named(number): cost for number, cost in costs.items()},
            "{:.1f}",
        ),
    )


def _failovers(servers: OwnServers, failures: int) -> Iterator[Figure]:
    what = "next reply of a contact whose node"
    stopped = f"{what} sends and hangs (SIGSTOP)"
    yield _failover(servers, failures, f"{what} was killed", signal.SIGKILL, is_sender=False)
    yield _failover(servers, failures, f"{what} sends and was killed", signal.SIGKILL, "< 3 s")
    yield _failover(servers, failures, stopped, signal.SIGSTOP, "< 8 s")


def _failover(
    servers: OwnServers,
    failures: int,
    what: str,
    number: signal.Signals,
    goal: str = "",
    *,
    is_sender: bool = True,
) -> Figure:
    seconds = []
    for _ in range(failures):
        with BenchmarkCluster(servers, max(NODES)) as cluster:
            seconds.append(cluster.fail(number, is_sender=is_sender))
    return Figure(what, f"{median(seconds):.1f} s", f"at most {max(seconds):.1f} s", goal=goal)


def _named(nodes: int) -> str:
    return f"{nodes} node" + "s" * (nodes > 1)
