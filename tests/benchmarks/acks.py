import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from tests.benchmarks.support.figures import Figure, beside, percentile
from tests.benchmarks.support.picture import Bars
from tests.benchmarks.support.servers import (
    RUN_WITH_NAMED_THREADS,
    bare,
    bare_asgi,
    moca,
    plain_sqlite,
)
from tests.benchmarks.support.turns import AckRound, RoundPlan, in_turns

CONNECTIONS = 64
THREADS = 64
USUAL = RoundPlan(rounds=5, seconds=20.0, warm_up_seconds=10.0)
"""In shorter rounds, much of the work would fall after the round: Moca puts off what can wait."""
QUICK = RoundPlan(rounds=1, seconds=3.0, warm_up_seconds=1.0)
A_DAY = 86_400
NOBODY = "http://127.0.0.1:9"

OURS, FLASK, ASGI, PLAIN = "Moca", "bare Flask", "bare ASGI", "plain sqlite3"
_GOALS = {FLASK: "≥ 0.80", PLAIN: "≥ 0.65"}
_STORED = "select count(*) from message where role = 'user'"

_Rounds = Mapping[str, Sequence[AckRound]]


def figures(plan: RoundPlan = USUAL) -> Iterator[Figure]:
    """Compare durable answers with views that store nothing, and with the rows by plain SQL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
        with ExitStack() as running:
            ours = moca(
                folder,
                sys.executable,
                RUN_WITH_NAMED_THREADS,
                server__threads=THREADS,
                **slow,
            )
            contestants = {
                OURS: ours,
                FLASK: bare(folder, THREADS),
                ASGI: bare_asgi(folder),
                PLAIN: plain_sqlite(folder),
            }
            servers = {each: running.enter_context(it) for each, it in contestants.items()}
            measured = in_turns(tuple(servers.values()), plan, CONNECTIONS)
        rounds = {each: measured[server][1:] for each, server in servers.items()}
        yield from _rates(rounds)
        yield from _latencies(rounds)
        yield from _processor_time(rounds)
        for each, file in ((OURS, "moca.db"), (PLAIN, "plain.db")):
            yield _kept(each, measured[servers[each]], folder / file)


def _rates(rounds: _Rounds) -> Iterator[Figure]:
    what = f"durable acks/s, {CONNECTIONS} connections"
    values = _values(rounds, lambda each: each.load.per_second)
    bars = _bars("acks/s", values, "{:,.0f}")
    for other in (FLASK, ASGI, PLAIN):
        theirs = values[other]
        found = beside(what, "{:,.0f}/s", values[OURS], other, theirs, _GOALS.get(other, ""))
        yield replace(found, bars=bars if other == FLASK else None)


def _latencies(rounds: _Rounds) -> Iterator[Figure]:
    for share, goal in ((0.5, ""), (0.99, "< 60 ms")):
        what = f"answered within, p{share * 100:.0f}"
        values = _values(rounds, partial(_latency_ms, share))
        others = "; ".join(f"{other} {median(values[other]):.1f} ms" for other in (FLASK, PLAIN))
        bars = _bars(f"{what}, ms", values, "{:.1f}") if goal else None
        yield Figure(what, f"{median(values[OURS]):.1f} ms", others, goal=goal, bars=bars)


def _latency_ms(share: float, of: AckRound) -> float:
    return percentile(of.load.latencies, share) * 1000


def _processor_time(rounds: _Rounds) -> Iterator[Figure]:
    values = _values(rounds, lambda each: each.cpu_us_per_ack)
    others = "; ".join(f"{other} {median(values[other]):.0f} µs" for other in (FLASK, ASGI, PLAIN))
    what = "processor time of an ack, until idle again"
    bars = _bars("processor time of an ack, µs", values, "{:.0f}")
    ours = f"{median(values[OURS]):.0f} µs"
    yield Figure(what, ours, others, goal="≤ 280 µs", bars=bars)
    for part in sorted(rounds[OURS][0].cpu_seconds):
        spent = median(each.part_us_per_ack(part) for each in rounds[OURS])
        yield Figure(f"… of which {part}", f"{spent:.0f} µs")


def _values(rounds: _Rounds, of: Callable[[AckRound], float]) -> dict[str, list[float]]:
    return {name: [of(each) for each in measured] for name, measured in rounds.items()}


def _bars(what: str, values: Mapping[str, Sequence[float]], form: str) -> Bars:
    return Bars(what, {name: median(each) for name, each in values.items()}, form)


def _kept(name: str, rounds: Sequence[AckRound], path: Path) -> Figure:
    acked = sum(len(each.load.latencies) for each in rounds)
    with closing(sqlite3.connect(path)) as database:
        (stored,) = database.execute(_STORED).fetchone()
    others = sum(each.load.others for each in rounds)
    what = f"{name}: acked but not stored; answered otherwise"
    return Figure(what, f"{acked - stored}; {others}")
