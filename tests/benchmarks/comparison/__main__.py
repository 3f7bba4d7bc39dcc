"""Moca beside common alternatives: `python -m tests.benchmarks.comparison [--quick]`."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from tests.benchmarks.comparison import contestants
from tests.benchmarks.comparison.broker import NoBrokerError, empty_broker
from tests.benchmarks.comparison.contestants import Contestant, NotInstalledError, install_bottender
from tests.benchmarks.comparison.contests import QUICK, Effort, acks, deaths, replies
from tests.benchmarks.comparison.scoreboard import Comparison, against_each, draw, table
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.servers import exit_on_sigterm

PICTURE = Path("comparison.svg")


def figures() -> Iterator[Figure]:
    """Compare all of them in one run, and draw a chart."""
    comparison = compare(Effort())
    PICTURE.write_text(draw(comparison))
    yield from against_each(comparison)


def compare(effort: Effort) -> Comparison:
    """Measure every contestant that can run here, one quantity after another."""
    comparison = Comparison(busy=os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as borrowed:
        folder = Path(name)
        all_of_them = list(_contestants(folder, borrowed, comparison.skipped))
        comparison.names = [each.name for each in all_of_them]
        usual = [each for each in all_of_them if not each.only_killed]
        comparison.rows += acks(usual, folder, effort)
        comparison.rows += replies([each for each in usual if each.is_whole], folder, effort)
        comparison.rows += deaths([each for each in all_of_them if each.is_whole], folder, effort)
    return comparison


def _contestants(
    folder: Path, borrowed: contextlib.ExitStack, skipped: list[str]
) -> Iterator[Contestant]:
    yield contestants.bare()
    yield contestants.moca()
    try:
        borrowed.enter_context(empty_broker())
        yield contestants.celery()
        yield contestants.celery(acks_late=True)
    except NoBrokerError as error:
        skipped.append(f"Flask + Celery + Redis: {error}")
    try:
        install_bottender(folder / "bottender")
        yield contestants.bottender(folder / "bottender")
    except NotInstalledError as error:
        skipped.append(f"Bottender: {error}")


@click.command()
@click.option("--quick", is_flag=True, help="In a minute or two, with figures less sure.")
def main(*, quick: bool) -> None:
    """Measure and draw; needs PyPI's celery and redis, a Redis, node and npm, or skips them."""
    exit_on_sigterm()
    console = Console(width=120)
    with console.status("comparing"):
        comparison = compare(QUICK if quick else Effort())
    console.print(table(comparison))
    for reason in comparison.skipped:
        console.print(f"left out: {reason}")
    PICTURE.write_text(draw(comparison))
    console.print(f"drawn in {PICTURE}")


if __name__ == "__main__":
    main()
