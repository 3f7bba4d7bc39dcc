"""Every figure of Moca beside a reference of the same run: `python -m tests.benchmarks`."""

from functools import partial

import click
from rich.console import Console

from tests.benchmarks import (
    acks,
    backlog,
    batches,
    cluster,
    crowd,
    dashboards,
    day,
    disk,
    growth,
    idle,
    inbox,
    journeys,
    kills,
    latency,
    pace,
    pages,
    queue,
    round_trips,
    runtime,
    slow_model,
    storage,
    swap,
    timeouts,
)
from tests.benchmarks.comparison import __main__ as comparison
from tests.benchmarks.report import report
from tests.benchmarks.support.figures import Benchmark, show
from tests.benchmarks.support.servers import exit_on_sigterm

BENCHMARKS: dict[str, Benchmark] = {
    "runtime": runtime.figures,
    "storage": storage.figures,
    "acks": acks.figures,
    "batches": batches.figures,
    "journeys": journeys.figures,
    "latency": latency.figures,
    "growth": growth.figures,
    "idle": idle.figures,
    "pace": pace.figures,
    "timeouts": timeouts.figures,
    "slow_model": slow_model.figures,
    "kills": kills.figures,
    "queue": queue.figures,
    "disk": disk.figures,
    "backlog": backlog.figures,
    "crowd": crowd.figures,
    "dashboards": dashboards.figures,
    "inbox": inbox.figures,
    "swap": swap.figures,
    "pages": pages.figures,
    "cluster": cluster.figures,
    "round_trips": round_trips.figures,
    "comparison": comparison.figures,
    "day": day.figures,
}
QUICK: dict[str, Benchmark] = {
    "acks": partial(acks.figures, acks.QUICK),
    "cluster": partial(cluster.figures, cluster.QUICK),
    "round_trips": partial(round_trips.figures, round_trips.QUICK),
}
"""Those that have a shorter form, with figures less sure."""
_ONLY_WHEN_NAMED = {"cluster", "comparison", "day", "pages", "round_trips", "swap"}
"""Left out by default.

Four need servers or a browser that may not be installed; a day in virtual time takes half an hour
of a core; pages need 11 GB.
"""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(["report", *BENCHMARKS]))
@click.option("--quick", is_flag=True, help="Shorter rounds, with figures less sure.")
def main(names: tuple[str, ...], *, quick: bool) -> None:
    """Run the named benchmarks, or all that need nothing special, one after the other.

    After `report`, also write docs/reference/performance.md: with the named benchmarks measured
    again, or all that it shows.
    """
    benchmarks = BENCHMARKS | QUICK if quick else BENCHMARKS
    exit_on_sigterm()
    console = Console(width=120)
    if names[:1] == ("report",):
        report(console, benchmarks, names[1:], QUICK if quick else ())
        return
    measured = {}
    for name in names or [each for each in BENCHMARKS if each not in _ONLY_WHEN_NAMED]:
        with console.status(f"measuring {name}"):
            measured[name] = tuple(benchmarks[name]())
    show(console, measured)


if __name__ == "__main__":
    main()
