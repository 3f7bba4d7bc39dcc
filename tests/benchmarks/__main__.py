"""Every figure of Moca beside a reference of the same run: `python -m tests.benchmarks`."""

import click
from rich.console import Console

from tests.benchmarks import acks, latency, pacing, runtime, storage
from tests.benchmarks.figures import Benchmark, show

BENCHMARKS: dict[str, Benchmark] = {
    "runtime": runtime.figures,
    "storage": storage.figures,
    "acks": acks.figures,
    "latency": latency.figures,
    "pacing": pacing.figures,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
def main(names: tuple[str, ...]) -> None:
    """Measure what is named, or everything, one after the other."""
    console = Console(width=120)
    measured = {}
    for name in names or BENCHMARKS:
        with console.status(f"measuring {name}"):
            measured[name] = tuple(BENCHMARKS[name]())
    show(console, measured)


if __name__ == "__main__":
    main()
