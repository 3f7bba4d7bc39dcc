from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from tests.benchmarks.support.load import Load, apart, press, press_again
from tests.benchmarks.support.servers import BenchmarkServer
from tests.benchmarks.support.thread_times import cpu_seconds_by_part


@dataclass(frozen=True)
class RoundPlan:
    """How many rounds count, after one to warm up."""

    rounds: int
    seconds: float
    warm_up_seconds: float


@dataclass(frozen=True)
class AckRound:
    """One round of a server."""

    load: Load
    cpu_seconds: Mapping[str, float]
    """Of each part of the server, until it was idle again."""

    @property
    def cpu_us_per_ack(self) -> float:
        return self.part_us_per_ack(*self.cpu_seconds)

    def part_us_per_ack(self, *parts: str) -> float:
        """Return the processor time of some parts."""
        return sum(self.cpu_seconds[part] for part in parts) * 1e6 / len(self.load.latencies)


def in_turns(
    servers: Sequence[BenchmarkServer], plan: RoundPlan, connections: int
) -> dict[BenchmarkServer, list[AckRound]]:
    """Load the servers in turn; return their rounds, of which the first was to warm up."""
    rounds: dict[BenchmarkServer, list[AckRound]] = defaultdict(list)
    first = count(step=1_000_000)
    for number in range(plan.rounds + 1):
        seconds = plan.seconds if number else plan.warm_up_seconds
        for server in servers:
            rounds[server].append(_round(server, next(first), seconds, connections))
    return rounds


def _round(server: BenchmarkServer, first: int, seconds: float, connections: int) -> AckRound:
    before = cpu_seconds_by_part(server.pids())
    if server.is_storing:
        load = apart(press, server.port, first, seconds, connections)
    else:
        load = apart(press_again, server.port, seconds, connections)
    server.settle()
    used = cpu_seconds_by_part(server.pids())
    return AckRound(load, {part: seconds - before.get(part, 0.0) for part, seconds in used.items()})
