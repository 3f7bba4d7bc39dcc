import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

_BARS = "#868e96", "#0b7285", "#e8590c", "#f59f00", "#9c36b5"
_BAR_WIDTH = 340
_COLOURS = "#0b7285", "#868e96", "#e8590c"
_WIDTH, _HEIGHT = 560, 280


@dataclass(frozen=True)
class Line:
    """One quantity over all sizes."""

    name: str
    unit: str
    values: Sequence[float]


def draw(over: str, sizes: Sequence[int], lines: Sequence[Line]) -> str:
    """Draw quantities over sizes as an SVG, both axes logarithmic."""
    highest = max(value for line in lines for value in line.values)
    top = math.ceil(math.log10(max(highest, 10)))
    return _template("picture.svg.j2").render(
        over=over,
        width=_WIDTH,
        height=_HEIGHT,
        columns=[(x, f"{size:,}") for x, size in zip(_columns(sizes), sizes, strict=True)],
        rows=[(_HEIGHT * (1 - power / top), f"{10**power:,}") for power in range(top + 1)],
        lines=[
            (line, colour, list(zip(_columns(sizes), _heights(line, top), strict=True)))
            for line, colour in zip(lines, _COLOURS, strict=False)
        ],
    )


@dataclass(frozen=True)
class Bars:
    """One quantity of several systems, by name."""

    what: str
    values: Mapping[str, float]
    form: str
    """The format of a value, as for `str.format`."""


def draw_bars(names: Sequence[str], panels: Sequence[Bars]) -> str:
    """Draw each quantity as bars in one colour per name, the longest filling the width."""
    colours = dict(zip(names, _BARS, strict=False))
    drawn, top = [], 0
    for panel in panels:
        most = max(panel.values.values(), default=0) or 1
        bars = [
            (name, colours[name], panel.form.format(value), _BAR_WIDTH * value / most)
            for name, value in panel.values.items()
        ]
        drawn.append((top, panel.what, bars))
        top += 20 * len(bars) + 36
    return _template("bars.svg.j2").render(panels=drawn, width=_BAR_WIDTH, height=top)


def _template(name: str) -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True).get_template(name)


def _columns(sizes: Sequence[int]) -> list[float]:
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])
    span = (last - first) or 1
    return [_WIDTH * (math.log10(size) - first) / span for size in sizes]


def _heights(line: Line, top: int) -> list[float]:
    return [_HEIGHT * (1 - math.log10(max(value, 1)) / top) for value in line.values]
