"""Nodes whose PostgreSQL is far away, behind a proxy that delays what it answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.nodes import BenchmarkCluster, own_servers
from tests.benchmarks.support.picture import Bars

ROUND_TRIPS_MS = 0, 2, 5
ONE, THREE = 1, 3
_ONE_NODE_GOALS = {2: "≥ 0.9", 5: "≥ 0.75"}
_THREE_NODES_GOALS = {5: "≥ 2.4"}

_Rates = Mapping[tuple[int, int], Sequence[float]]
"""Journeys per second of each burst, by nodes and milliseconds a round trip."""


@dataclass(frozen=True)
class BurstPlan:
    """How many messages to send at once, and how often."""

    contacts: int
    bursts: int


USUAL = BurstPlan(contacts=1500, bursts=3)
QUICK = BurstPlan(contacts=200, bursts=1)


def figures(plan: BurstPlan = USUAL) -> Iterator[Figure]:
    """Compare whole journeys a second with those without delay, and three nodes with one."""
    rates: dict[tuple[int, int], list[float]] = {}
    with own_servers() as servers:
        for ms, nodes in product(ROUND_TRIPS_MS, (ONE, THREE)):
            with BenchmarkCluster(servers, nodes, ms / 1000) as cluster:
                found = [cluster.burst(plan.contacts) for _ in range(plan.bursts)]
            rates[nodes, ms] = [each.journeys_per_second for each in found]
    yield from compare(rates)


def compare(rates: _Rates) -> Iterator[Figure]:
    """Compare the medians of the bursts."""
    for ms in ROUND_TRIPS_MS[1:]:
        goal = _ONE_NODE_GOALS.get(ms, "")
        yield _beside(f"1 node, {ms} ms a round trip", rates[ONE, ms], "0 ms", rates[ONE, 0], goal)
    for ms in ROUND_TRIPS_MS:
        one, three = rates[ONE, ms], rates[THREE, ms]
        what, goal = f"3 nodes, {ms} ms a round trip", _THREE_NODES_GOALS.get(ms, "")
        names = {"1 node": median(one), "3 nodes": median(three)}
        bars = Bars(f"journeys/s at {ms} ms a round trip", names, "{:,.0f}")
        yield _beside(what, three, "1 node", one, goal, bars)


def _beside(
    what: str,
    ours: Sequence[float],
    other: str,
    theirs: Sequence[float],
    goal: str,
    bars: Bars | None = None,
) -> Figure:
    mine, its = median(ours), median(theirs)
    shown = f"{other} {its:,.0f}/s"
    return Figure(
        f"whole journeys/s, {what}", f"{mine:,.0f}/s", shown, f"{mine / its:.2f}", goal, bars
    )
