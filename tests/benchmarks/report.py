"""Measures what `docs/reference/performance.md` shows, and writes it."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console

from tests.benchmarks.support.figures import Benchmark, show
from tests.benchmarks.support.measurements import (
    Conditions,
    Measurement,
    read_measurements,
    write_measurements,
)
from tests.benchmarks.support.report_page import TITLES, in_order, pictures, render

MEASURED = Path(__file__).parent / "measured.jsonl"
_DOCS = Path(__file__).parents[2] / "docs"
PAGE = _DOCS / "reference" / "performance.md"
PICTURES = _DOCS / "pictures"


def report(
    console: Console,
    benchmarks: Mapping[str, Benchmark],
    names: Sequence[str],
    quick: Collection[str] = (),
) -> None:
    """Measure these benchmarks, or all of the page, and write it with what is known of the others.

    What one benchmark found is kept before the next begins.

    Args:
        quick: Those whose rounds are short.

    Raises:
        click.UsageError: If the page does not show one of them.
    """
    if unknown := set(names) - TITLES.keys():
        raise click.UsageError(f"the page does not show {', '.join(sorted(unknown))}")
    for name in names or TITLES:
        conditions = Conditions.now(is_quick=name in quick)
        with console.status(f"measuring {name}"):
            figures = tuple(benchmarks[name]())
        show(console, {name: figures})
        _keep(Measurement(name, conditions, figures))


def _keep(measurement: Measurement) -> None:
    known = read_measurements(MEASURED) | {measurement.benchmark: measurement}
    measurements = in_order(known.values())
    write_measurements(MEASURED, measurements)
    PAGE.write_text(render(measurements), encoding="utf-8")
    for name, picture in pictures(measurements).items():
        (PICTURES / name).write_text(picture, encoding="utf-8")
