from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.metrics import Figure

BARS = 60
WIDTH, HEIGHT = 600, 120
_STEP = WIDTH // BARS

Figures = Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a picture, in its own units, and what it says where somebody points."""

    x: float
    y: float
    height: float
    told: str


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one colour."""

    key: str
    label: str
    total: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of something over time."""

    key: str
    title: str
    peak: str
    """What the top stands for; empty where there is nothing to see."""
    series: tuple[Series, ...]

    @property
    def told(self) -> str:
        """Say in words what is to be seen."""
        return "; ".join(f"{each.label} {each.total}" for each in self.series)


@dataclass(frozen=True, slots=True)
class Line:
    """What a series is made of: figures by name, and which of their values."""

    key: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Which stretch of time the pictures show."""

    begins_at: datetime
    width: timedelta
    """Of one bar."""

    def place_of(self, at: datetime) -> int:
        """Tell in which bar an instant is; beyond the picture where it is outside."""
        return (at - self.begins_at) // self.width


def counts(key: str, title: str, lines: Iterable[Line], figures: Figures, frame: Frame) -> Chart:
    """Draw how often things happened, one on top of the other."""
    told = [(line, _by_bar(line, figures, frame, lambda each: each.count)) for line in lines]
    top = max((sum(bars.get(n, 0) for _, bars in told) for n in range(BARS)), default=0)
    below: dict[int, float] = defaultdict(float)
    series = []
    for line, bars in told:
        drawn = tuple(
            _stacked(n, bars[n], top, below, f"{bars[n]:,.0f} {line.label}") for n in sorted(bars)
        )
        series.append(Series(line.key, line.label, f"{sum(bars.values()):,.0f}", drawn))
    return Chart(key, title, f"{top:,.0f}" if top else "", tuple(series))


def spans(key: str, title: str, name: str, figures: Figures, frame: Frame) -> Chart:
    """Draw how long something took: the slowest, and before it the average."""
    ours = [each for each in figures if each.name == name]
    line = Line(name, "", (name,))
    slowest = _by_bar(line, ours, frame, lambda each: each.longest.total_seconds(), max)
    total = _by_bar(line, ours, frame, lambda each: each.total.total_seconds())
    count = _by_bar(line, ours, frame, lambda each: each.count)
    average = {n: total[n] / count[n] for n in count}
    top = max(slowest.values(), default=0)
    mean = sum(total.values()) / sum(count.values()) if count else 0
    drawn = [
        ("slowest", "slowest", seconds(top) if count else "none", slowest),
        ("average", "on average", seconds(mean) if count else "none", average),
    ]
    series = tuple(
        Series(
            each,
            label,
            told,
            tuple(_bar(n, bars[n], top, 0, seconds(bars[n])) for n in sorted(bars)),
        )
        for each, label, told, bars in drawn
    )
    return Chart(key, title, seconds(top) if top else "", series)


def seconds(length: float) -> str:
    """Write a span as short as it reads well."""
    if length < 1:
        return f"{length * 1000:.0f} ms"
    if length < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{length:.1f} s"
    return str(timedelta(seconds=round(length)))


def _by_bar(
    line: Line,
    figures: Figures,
    frame: Frame,
    value: Callable[[Figure], float],
    join: Callable[[Iterable[float]], float] = sum,
) -> dict[int, float]:
    found: dict[int, list[float]] = defaultdict(list)
    for each in figures:
        if each.name in line.names and 0 <= frame.place_of(each.minute) < BARS:
            found[frame.place_of(each.minute)].append(value(each))
    return {n: join(values) for n, values in found.items()}


def _stacked(n: int, value: float, top: float, below: dict[int, float], told: str) -> Bar:
    bar = _bar(n, value, top, below[n], told)
    below[n] += value
    return bar


def _bar(n: int, value: float, top: float, below: float, told: str) -> Bar:
    height = round(HEIGHT * value / top, 2) if top else 0
    y = round(HEIGHT - height - (HEIGHT * below / top if top else 0), 2)
    return Bar(n * _STEP + 1, max(y, 0), height, told)
