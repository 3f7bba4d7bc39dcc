from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moca.core.metrics import Metric

BARS = 60
WIDTH, HEIGHT = 600, 120
_STEP = WIDTH // BARS


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a chart, in its own units, and its tooltip."""

    x: float
    y: float
    height: float
    tooltip: str
    width: float = _STEP - 2


@dataclass(frozen=True, slots=True)
class Series:
    """The bars of one colour."""

    key: str
    label: str
    total: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart over time."""

    key: str
    title: str
    peak: str
    """The value at the top; empty if there is no data."""
    middle: str
    """The value half way up."""
    series: tuple[Series, ...]

    @property
    def description(self) -> str:
        """Describe the chart in words."""
        return "; ".join(f"{each.label} {each.total}" for each in self.series)


@dataclass(frozen=True, slots=True)
class ChartLine:
    """The source of a series: metrics by name, and which of their values."""

    key: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The time range of the charts."""

    begins_at: datetime
    width: timedelta
    """Of one bar."""

    def place_of(self, at: datetime) -> int:
        """Return the bar of an instant; out of range if it is outside the chart."""
        return (at - self.begins_at) // self.width


def counts(
    key: str, title: str, lines: Iterable[ChartLine], metrics: Sequence[Metric], frame: Frame
) -> Chart:
    """Draw how often things happened, stacked."""
    stacks = [(line, _by_bar(line, metrics, frame, lambda each: each.count)) for line in lines]
    top = max((sum(bars.get(n, 0) for _, bars in stacks) for n in range(BARS)), default=0)
    below: dict[int, float] = defaultdict(float)
    series = []
    for line, bars in stacks:
        drawn = tuple(
            _stacked(n, bars[n], top, below, f"{bars[n]:,.0f} {line.label}") for n in sorted(bars)
        )
        series.append(Series(line.key, line.label, f"{sum(bars.values()):,.0f}", drawn))
    return Chart(key, title, *_axis(top, number), tuple(series))


def spans(key: str, title: str, name: str, metrics: Sequence[Metric], frame: Frame) -> Chart:
    """Draw durations: the maximum, and in front of it the average."""
    ours = [each for each in metrics if each.name == name]
    line = ChartLine(name, "", (name,))
    slowest = _by_bar(line, ours, frame, lambda each: each.longest.total_seconds(), max)
    total = _by_bar(line, ours, frame, lambda each: each.total.total_seconds())
    count = _by_bar(line, ours, frame, lambda each: each.count)
    average = {n: total[n] / count[n] for n in count}
    top = max(slowest.values(), default=0)
    mean = sum(total.values()) / sum(count.values()) if count else 0
    drawn = [
        ("slowest", "slowest", seconds(top) if count else "none", slowest),
        ("average", "average", seconds(mean) if count else "none", average),
    ]
    series = tuple(
        Series(
            each,
            label,
            value,
            tuple(_bar(n, bars[n], top, 0, seconds(bars[n])) for n in sorted(bars)),
        )
        for each, label, value, bars in drawn
    )
    return Chart(key, title, *_axis(top, seconds), series)


@dataclass(frozen=True, slots=True)
class Columns:
    """The values of one colour, a column each."""

    key: str
    label: str
    total: str
    values: Sequence[float]


def columns(
    key: str,
    title: str,
    lines: Sequence[Columns],
    names: Sequence[str],
    written: Callable[[float], str],
) -> Chart:
    """Draw values by name instead of over time, stacked; `written` formats a value."""
    stacks = zip(*(each.values for each in lines), strict=True)
    top = max((sum(values) for values in stacks), default=0)
    step = WIDTH / max(len(names), 1)
    below: dict[int, float] = defaultdict(float)
    series = []
    for line in lines:
        bars = []
        for n, value in enumerate(line.values):
            if value:
                text = f"{names[n]}: {written(value)} {line.label}"
                bar = _stacked(n, value, top, below, text)
                bars.append(replace(bar, x=round(n * step + 1, 2), width=round(step - 2, 2)))
        series.append(Series(line.key, line.label, line.total, tuple(bars)))
    return Chart(key, title, *_axis(top, written), tuple(series))


def number(value: float) -> str:
    """Format a number, with decimals only if it has any."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def seconds(length: float) -> str:
    """Format seconds as briefly as is readable."""
    if length < 1:
        return f"{length * 1000:.0f} ms"
    if length < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{length:.1f} s"
    return str(timedelta(seconds=round(length)))


def _axis(top: float, written: Callable[[float], str]) -> tuple[str, str]:
    return (written(top), written(top / 2)) if top else ("", "")


def _by_bar(
    line: ChartLine,
    metrics: Sequence[Metric],
    frame: Frame,
    value: Callable[[Metric], float],
    join: Callable[[Iterable[float]], float] = sum,
) -> dict[int, float]:
    found: dict[int, list[float]] = defaultdict(list)
    for each in metrics:
        if each.name in line.names and 0 <= frame.place_of(each.minute) < BARS:
            found[frame.place_of(each.minute)].append(value(each))
    return {n: join(values) for n, values in found.items()}


def _stacked(n: int, value: float, top: float, below: dict[int, float], tooltip: str) -> Bar:
    bar = _bar(n, value, top, below[n], tooltip)
    below[n] += value
    return bar


def _bar(n: int, value: float, top: float, below: float, tooltip: str) -> Bar:
    height = round(HEIGHT * value / top, 2) if top else 0
    y = round(HEIGHT - height - (HEIGHT * below / top if top else 0), 2)
    return Bar(n * _STEP + 1, max(y, 0), height, tooltip)
