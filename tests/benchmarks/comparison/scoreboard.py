"""Shows several contestants beside one another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rich.table import Table

from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.picture import Bars, draw_bars

OURS = "Moca"


@dataclass(frozen=True)
class Row:
    """One quantity of every contestant that has it."""

    what: str
    form: str
    values: Mapping[str, float]
    is_ratio_told: bool = True

    def shown(self, name: str) -> str:
        return self.form.format(self.values[name]) if name in self.values else ""


@dataclass
class Comparison:
    """All measurements, and why some are missing."""

    names: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    busy: float = 0.0
    """The load average of the minute before."""


def against_each(comparison: Comparison) -> Iterator[Figure]:
    """Compare Moca with each of the others, as the other benchmarks do."""
    for row in comparison.rows:
        for name in comparison.names:
            if name != OURS and name in row.values:
                yield _figure(row, name)
    for reason in comparison.skipped:
        yield Figure("left out", "", reason)


def _figure(row: Row, name: str) -> Figure:
    ours = row.values.get(OURS)
    if ours is None:
        return Figure(row.what, "", f"{name} {row.shown(name)}")
    ratio = f"{ours / row.values[name]:.2f}" if row.is_ratio_told and row.values[name] else ""
    return Figure(row.what, row.shown(OURS), f"{name} {row.shown(name)}", ratio)


_DRAWN = (
    "acks/s",
    "acknowledged within, p99, ms",
    "whole journeys/s",
    "reply beyond the debounce, p50, ms",
    "idle memory (PSS), MiB",
    "… no reply when all is calm",
    "… lost, an hour later",
    "… answered twice",
)


def draw(comparison: Comparison) -> str:
    """Draw the most interesting quantities as bars."""
    return draw_bars(
        comparison.names,
        [
            Bars(row.what.replace("…", "killed 3 times:"), row.values, row.form)
            for row in comparison.rows
            if row.what in _DRAWN
        ],
    )


def table(comparison: Comparison) -> Table:
    """Return a table of all contestants."""
    title = f"Side by side in one run; load of the machine before it: {comparison.busy:.1f}"
    shown = Table("figure", title=title)
    for name in comparison.names:
        shown.add_column(name, justify="right")
    for row in comparison.rows:
        shown.add_row(row.what, *(row.shown(name) for name in comparison.names))
    return shown
