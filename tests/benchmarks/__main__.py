"""Every figure of Moca beside a reference of the same run: `python -m tests.benchmarks`."""

import click
from rich.console import Console

from tests.benchmarks import (
    acks,
    backlog,
    batches,
    cluster,
    comparison,
    crowd,
    dashboards,
    day,
    growth,
    hanging,
    idle,
    journeys,
    kills,
    latency,
    pacing,
    pages,
    queue,
    runtime,
    storage,
)
from tests.benchmarks.figures import Benchmark, show

BENCHMARKS: dict[str, Benchmark] = {
    "runtime": runtime.figures,
    "storage": storage.figures,
    "acks": acks.figures,
    "batches": batches.figures,
    "journeys": journeys.figures,
    "latency": latency.figures,
    "growth": growth.figures,
    "idle": idle.figures,
    "pacing": pacing.figures,
    "hanging": hanging.figures,
    "kills": kills.figures,
    "queue": queue.figures,
    "backlog": backlog.figures,
    "crowd": crowd.figures,
    "dashboards": dashboards.figures,
    "pages": pages.figures,
    "cluster": cluster.figures,
    "comparison": comparison.figures,
    "day": day.figures,
}
_ONLY_WHEN_NAMED = {"cluster", "comparison", "day", "pages"}
"""Two need servers that may not be installed; a day in virtual time takes half an hour of a core;
pages want 11 GB."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
def main(names: tuple[str, ...]) -> None:
    """Measure what is named, or everything but those that ask for more, one after the other."""
    console = Console(width=120)
    measured = {}
    for name in names or [each for each in BENCHMARKS if each not in _ONLY_WHEN_NAMED]:
        with console.status(f"measuring {name}"):
            measured[name] = tuple(BENCHMARKS[name]())
    show(console, measured)


if __name__ == "__main__":
    main()
