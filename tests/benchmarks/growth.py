"""What a full database costs: `python -m tests.benchmarks.growth [--largest 10000000]`."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from tests.benchmarks.acks import A_DAY, CONNECTIONS, NOBODY
from tests.benchmarks.figures import Figure, percentile, show
from tests.benchmarks.filling import fill
from tests.benchmarks.load import Load, apart, press
from tests.benchmarks.memory import resident
from tests.benchmarks.picture import Line, draw
from tests.benchmarks.servers import bare, moca

MESSAGES = 10_000, 100_000, 1_000_000, 10_000_000
USUALLY_UP_TO = 1_000_000
MESSAGES_EACH = 10
ROUND_SECONDS = 3.0
PICTURE = Path("growth.svg")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What was measured on a database of this size."""

    messages: int
    load: Load
    beside: Load
    resident: float
    """MiB, both processes."""


def figures(largest: int = USUALLY_UP_TO) -> Iterator[Figure]:
    """Compare durable answers with a bare view's, on databases ten times larger each; draw it."""
    readings = [_measure(messages) for messages in MESSAGES if messages <= largest]
    for reading in readings:
        ratio = reading.load.per_second / reading.beside.per_second
        yield Figure(
            f"acks/s with {reading.messages // MESSAGES_EACH:,} contacts, "
            f"{reading.messages:,} messages",
            f"{reading.load.per_second:,.0f}/s",
            f"bare Flask {reading.beside.per_second:,.0f}/s",
            f"{ratio:.2f}",
        )
        p99 = percentile(reading.load.latencies, 0.99) * 1000
        yield Figure("p99; memory", f"{p99:.0f} ms; {reading.resident:.0f} MiB")
    _draw(readings)


def _measure(messages: int) -> Reading:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, messages // MESSAGES_EACH, messages)
        slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
        with moca(folder, **slow) as ours, bare(folder) as theirs:
            for first, server in enumerate((ours, theirs)):
                apart(press, server.port, first * 10**8, 1.0, CONNECTIONS)
                server.settle()
            load = apart(press, ours.port, 3 * 10**8, ROUND_SECONDS, CONNECTIONS)
            ours.settle()
            beside = apart(press, theirs.port, 4 * 10**8, ROUND_SECONDS, CONNECTIONS)
            return Reading(messages, load, beside, sum(map(resident, ours.pids())) / _MIB)


def _draw(readings: Sequence[Reading]) -> None:
    sizes = [reading.messages for reading in readings]
    rates = [reading.load.per_second for reading in readings]
    beside = [reading.beside.per_second for reading in readings]
    memory = [reading.resident for reading in readings]
    lines = (
        Line("durable acks/s", "/s", rates),
        Line("a bare Flask view", "/s", beside),
        Line("memory", "MiB", memory),
    )
    PICTURE.write_text(draw("Messages in the database", sizes, lines))


@click.command()
@click.option("--largest", default=USUALLY_UP_TO, show_default=True, help="Messages to go up to.")
def main(largest: int) -> None:
    """Measure and draw; ten million messages take some minutes and 11 GB of disk."""
    show(Console(width=120), {"growth": tuple(figures(largest))})
    click.echo(f"drawn in {PICTURE}")


if __name__ == "__main__":
    main()
