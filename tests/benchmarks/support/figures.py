from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.benchmarks.support.picture import Bars


@dataclass(frozen=True)
class Figure:
    """One line of the table: a figure of Moca, and of its reference in the same run."""

    what: str
    ours: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""
    """What `ratio` must reach, or `ours` if there is no ratio; empty if nothing is asked."""
    bars: Bars | None = None
    """What a report draws."""


Benchmark = Callable[[], Iterable[Figure]]


def beside(
    what: str,
    show: str,
    ours: Sequence[float],
    other: str,
    theirs: Sequence[float],
    goal: str = "",
) -> Figure:
    """Compare round by round, since the machine's speed varies between rounds."""
    ratios = [mine / its for mine, its in zip(ours, theirs, strict=True)]
    spread = f"{median(ratios):.2f}"
    if len(ratios) > 1:
        spread += f"  ({min(ratios):.2f} to {max(ratios):.2f})"
    return Figure(
        what, show.format(median(ours)), f"{other} {show.format(median(theirs))}", spread, goal
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def show(console: Console, figures: Mapping[str, Sequence[Figure]]) -> None:
    """Print everything in one table."""
    table = Table("benchmark", "figure", title="Moca, and what was measured beside it")
    for heading in ("Moca", "beside it", "Moca / beside it", "goal"):
        table.add_column(heading, justify="right")
    for name, lines in figures.items():
        for number, line in enumerate(lines):
            table.add_row(
                "" if number else name,
                line.what,
                line.ours,
                line.beside,
                line.ratio,
                line.goal,
                end_section=number == len(lines) - 1,
            )
    console.print(table)
