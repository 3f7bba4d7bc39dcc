"""The measurements common to all contestants, one quantity after another."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from tests.benchmarks.acks import A_DAY, CONNECTIONS, NOBODY
from tests.benchmarks.comparison.broker import drop_the_backlog
from tests.benchmarks.comparison.contestant_process import Running, running
from tests.benchmarks.comparison.contestants import Contestant, bare
from tests.benchmarks.comparison.kill import count_messages
from tests.benchmarks.comparison.scoreboard import Row
from tests.benchmarks.latency import DEBOUNCE_SECONDS
from tests.benchmarks.support.figures import percentile
from tests.benchmarks.support.load import (
    WEBHOOK,
    Load,
    apart,
    body_of,
    press,
    psid_of,
    signatures,
    write_all,
)
from tests.benchmarks.support.servers import post
from tests.benchmarks.support.standin import RecordingGraph

PATIENCE_SECONDS = 240
WARM_UP = 3
SETTLE_SECONDS = 20
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int = 3
    round_seconds: float = 3.0
    journeys: int = 1500
    latencies: int = 40
    writing_while_killed: int = 1200


QUICK = Effort(rounds=1, round_seconds=1.5, journeys=300, latencies=8, writing_while_killed=240)


def acks(all_of_them: Sequence[Contestant], folder: Path, effort: Effort) -> Iterator[Row]:
    """Load each in turn, with replies delayed by a day."""
    loads: dict[str, list[Load]] = defaultdict(list)
    first = count(step=1_000_000)
    backlogged = {each.name for each in all_of_them if each.uses_redis}
    with contextlib.ExitStack() as block:
        up = {
            each.name: block.enter_context(running(each, folder, NOBODY, A_DAY))
            for each in all_of_them
        }
        for number in range(effort.rounds + 1):
            for name, it in up.items():
                seconds = effort.round_seconds if number else 1.0
                loads[name].append(apart(press, it.port, next(first), seconds, CONNECTIONS))
                if name in backlogged:
                    drop_the_backlog()
                it.settle(SETTLE_SECONDS)
    counted = {name: each[1:] for name, each in loads.items()}
    rates = {name: [load.per_second for load in each] for name, each in counted.items()}
    yield Row("acks/s", "{:,.0f}", {name: median(each) for name, each in rates.items()})
    beside = {name: _beside(each, rates[bare().name]) for name, each in rates.items()}
    yield Row("acks/s, of the bare view's", "{:.2f}", beside, is_ratio_told=False)
    for share in (0.5, 0.99):
        times = {
            name: median(percentile(load.latencies, share) * 1000 for load in each)
            for name, each in counted.items()
        }
        yield Row(f"acknowledged within, p{share * 100:.0f}, ms", "{:.1f}", times)
    others = {name: sum(load.others for load in each) for name, each in loads.items()}
    yield Row("answered otherwise than 200", "{:,.0f}", others, is_ratio_told=False)


def _beside(mine: Sequence[float], its: Sequence[float]) -> float:
    return median(one / other for one, other in zip(mine, its, strict=True))


def replies(whole: Sequence[Contestant], folder: Path, effort: Effort) -> Iterator[Row]:
    rates: dict[str, float] = {}
    delays: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    processes: dict[str, float] = {}
    for each in whole:
        with RecordingGraph() as graph, running(each, folder, graph.url, 0) as it:
            rates[each.name] = _journeys(it, graph, effort.journeys)
        with RecordingGraph() as graph, running(each, folder, graph.url, DEBOUNCE_SECONDS) as it:
            _beyond(it, graph, 0)
            it.settle()
            memory[each.name] = it.memory() / _MIB
            processes[each.name] = len(it.pids())
            measured = [_beyond(it, graph, number + 1) for number in range(effort.latencies)]
            delays[each.name] = measured[WARM_UP:]
    yield Row("whole journeys/s", "{:,.0f}", rates)
    for share in (0.5, 0.95):
        of = partial(percentile, share=share)
        values = {name: of(each) for name, each in delays.items()}
        yield Row(f"reply beyond the debounce, p{share * 100:.0f}, ms", "{:.1f}", values)
    yield Row("idle memory (PSS), MiB", "{:,.0f}", memory)
    yield Row("processes", "{:,.0f}", processes, is_ratio_told=False)


def _journeys(it: Running, graph: RecordingGraph, contacts: int) -> float:
    """Send all messages at once; time from the first webhook to the last reply's arrival."""
    _beyond(it, graph, contacts)
    load = apart(write_all, it.port, contacts, CONNECTIONS)
    graph.wait_for(contacts + 1, PATIENCE_SECONDS)
    found: float = contacts / (graph.arrivals[-1][0] - load.began)
    return found


def _beyond(it: Running, graph: RecordingGraph, number: int) -> float:
    """Send one message; return by how many ms its reply came later than the debounce."""
    body = body_of(number)
    headers = {"Content-Type": "application/json", **signatures(body)}
    before, asked = len(graph.arrivals), time.perf_counter()
    status = post(it.port, WEBHOOK, body, headers)
    graph.wait_for(before + 1, 30)
    arrived, recipient = graph.arrivals[-1]
    assert (status, recipient) == (200, psid_of(number))
    return (arrived - asked - DEBOUNCE_SECONDS) * 1000


def deaths(whole: Sequence[Contestant], folder: Path, effort: Effort) -> Iterator[Row]:
    counts = {
        each.name: count_messages(each, folder, effort.writing_while_killed) for each in whole
    }
    for what, of in (
        ("killed 3 times: acked", "acked"),
        ("… no reply when all is calm", "late"),
        ("… lost, an hour later", "lost"),
        ("… answered twice", "twice"),
    ):
        values = {name: float(getattr(each, of)) for name, each in counts.items()}
        yield Row(what, "{:,.0f}", values, is_ratio_told=False)
