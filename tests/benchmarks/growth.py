"""The cost of a full database: `python -m tests.benchmarks.growth [--largest 10000000]`."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
from rich.console import Console

from tests.benchmarks.acks import A_DAY, CONNECTIONS, NOBODY
from tests.benchmarks.support.figures import Figure, beside, percentile, show
from tests.benchmarks.support.full_database import fill
from tests.benchmarks.support.load import Load
from tests.benchmarks.support.memory import resident
from tests.benchmarks.support.picture import Line, draw
from tests.benchmarks.support.servers import bare, moca
from tests.benchmarks.support.turns import RoundPlan, in_turns

MESSAGES = 10_000, 100_000, 1_000_000, 10_000_000
USUALLY_UP_TO = 1_000_000
MESSAGES_EACH = 10
PLAN = RoundPlan(rounds=3, seconds=3.0, warm_up_seconds=1.0)
PICTURE = Path("growth.svg")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class GrowthReading:
    """The measurements on a database of this size."""

    messages: int
    loads: Sequence[Load]
    beside: Sequence[Load]
    resident: float
    """MiB, both processes."""

    @property
    def p99_ms(self) -> float:
        """Return the p99 of the typical round."""
        return median(percentile(load.latencies, 0.99) for load in self.loads) * 1000


def figures(largest: int = USUALLY_UP_TO) -> Iterator[Figure]:
    """Compare durable answers with a bare view's, on databases ten times larger each; draw it."""
    readings = [_measure(messages) for messages in MESSAGES if messages <= largest]
    for reading in readings:
        yield beside(
            f"acks/s with {reading.messages // MESSAGES_EACH:,} contacts, "
            f"{reading.messages:,} messages",
            "{:,.0f}/s",
            _rates(reading.loads),
            "bare Flask",
            _rates(reading.beside),
        )
        yield Figure("p99; memory", f"{reading.p99_ms:.0f} ms; {reading.resident:.0f} MiB")
    _draw(readings)


def _measure(messages: int) -> GrowthReading:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, messages // MESSAGES_EACH, messages)
        slow = {"conversation__debounce_seconds": A_DAY, "instagram__graph_url": NOBODY}
        with moca(folder, **slow) as ours, bare(folder) as theirs:
            rounds = in_turns((ours, theirs), PLAN, CONNECTIONS)
            held = sum(map(resident, ours.pids())) / _MIB
        loads = {server: [each.load for each in of[1:]] for server, of in rounds.items()}
        return GrowthReading(messages, loads[ours], loads[theirs], held)


def _rates(loads: Sequence[Load]) -> list[float]:
    return [load.per_second for load in loads]


def _draw(readings: Sequence[GrowthReading]) -> None:
    sizes = [reading.messages for reading in readings]
    rates = [median(_rates(reading.loads)) for reading in readings]
    bare_rates = [median(_rates(reading.beside)) for reading in readings]
    memory = [reading.resident for reading in readings]
    lines = (
        Line("durable acks", "/s", rates),
        Line("a bare Flask view", "/s", bare_rates),
        Line("memory", "MiB", memory),
    )
    PICTURE.write_text(draw("Messages in the database, of a tenth as many contacts", sizes, lines))


@click.command()
@click.option("--largest", default=USUALLY_UP_TO, show_default=True, help="Messages to go up to.")
def main(largest: int) -> None:
    """Measure and draw; ten million messages take some minutes and 11 GB of disk."""
    show(Console(width=120), {"growth": tuple(figures(largest))})
    click.echo(f"drawn in {PICTURE}")


if __name__ == "__main__":
    main()
