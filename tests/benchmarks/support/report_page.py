"""The page of the documentation that shows what was measured."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.measurements import Measurement
from tests.benchmarks.support.picture import Bars, draw_bars

TITLES = {
    "acks": "Acknowledged webhooks",
    "journeys": "Whole journeys",
    "pace": "The pace of sending",
    "slow_model": "Slow models",
    "idle": "Idle memory",
    "cluster": "Several nodes",
    "round_trips": "A database far away",
}
"""The benchmarks of the page, in its order."""


@dataclass(frozen=True)
class _Section:
    title: str
    measurement: Measurement

    @property
    def panels(self) -> tuple[Bars, ...]:
        return tuple(each.bars for each in self.measurement.figures if each.bars)

    @property
    def picture(self) -> str:
        return f"performance-{self.measurement.benchmark}.svg"

    def drawn(self) -> str:
        names = {name: None for panel in self.panels for name in panel.values}
        return draw_bars(tuple(names), self.panels)


def render(measurements: Mapping[str, Measurement]) -> str:
    """Return the page as Markdown."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, keep_trailing_newline=True)
    environment.filters |= {"cell": _cell, "measured": _measured}
    template = environment.get_template("performance.md.j2")
    return template.render(sections=tuple(_sections(measurements)))


def pictures(measurements: Mapping[str, Measurement]) -> dict[str, str]:
    """Return the pictures of the page as SVG, by file name."""
    return {each.picture: each.drawn() for each in _sections(measurements) if each.panels}


def in_order(measurements: Iterable[Measurement]) -> dict[str, Measurement]:
    """Return the measurements that belong on the page, in its order."""
    found = {each.benchmark: each for each in measurements}
    return {name: found[name] for name in TITLES if name in found}


def _sections(measurements: Mapping[str, Measurement]) -> Iterator[_Section]:
    for name, measurement in in_order(measurements.values()).items():
        yield _Section(TITLES[name], measurement)


def _measured(figure: Figure) -> str:
    if not figure.ratio:
        return figure.ours
    return f"{figure.ratio}: {figure.ours} beside {figure.beside}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
