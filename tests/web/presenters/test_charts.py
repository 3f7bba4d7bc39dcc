from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory

from moca.core.metrics import Metric
from moca.web.metrics.minutes import MinuteMetrics
from moca.web.presenters.charts import (
    BARS,
    HEIGHT,
    Bar,
    ChartLine,
    Columns,
    Frame,
    columns,
    counts,
    number,
    seconds,
    spans,
)
from tests.web.rows import AT

MINUTE = timedelta(minutes=1)
FRAME = Frame(AT, MINUTE)


def metric(
    minute: int, name: str, count: int = 1, total: float = 0.0, longest: float = 0.0
) -> Metric:
    return Metric(
        minute=AT + minute * MINUTE,
        name=name,
        count=count,
        total=timedelta(seconds=total),
        longest=timedelta(seconds=longest),
    )


def test_counts_are_drawn_on_top_of_one_another() -> None:
    lines = (ChartLine("good", "fine", ("a", "b")), ChartLine("bad", "wrong", ("c",)))
    metrics = [metric(0, "a", 2), metric(0, "b", 1), metric(0, "c", 1), metric(2, "c", 2)]

    chart = counts("k", "Title", lines, metrics, FRAME)

    assert (chart.peak, chart.description) == ("4", "fine 3; wrong 3")
    good, bad = chart.series
    assert good.bars == (Bar(1, 30, 90, "3 fine"),)
    assert bad.bars == (Bar(1, 0, 30, "1 wrong"), Bar(21, 60, 60, "2 wrong"))


def test_spans_are_drawn_as_the_slowest_and_the_average() -> None:
    metrics = [metric(1, "ack", 4, total=4, longest=2), metric(1, "other", 1, longest=9)]

    chart = spans("k", "Title", "ack", metrics, FRAME)

    assert (chart.peak, chart.description) == ("2.0 s", "slowest 2.0 s; average 1.0 s")
    assert [each.bars for each in chart.series] == [
        (Bar(11, 0, HEIGHT, "2.0 s"),),
        (Bar(11, 60, 60, "1.0 s"),),
    ]


def test_columns_are_drawn_by_name_on_top_of_one_another() -> None:
    lines = (Columns("a", "fine", "5", (1, 0, 4)), Columns("b", "wrong", "3", (2, 0, 1)))

    chart = columns("k", "Title", lines, ("Mon", "Tue", "Wed"), number)

    assert (chart.peak, chart.middle, chart.description) == ("5", "2.5", "fine 5; wrong 3")
    assert [each.bars for each in chart.series] == [
        (Bar(1, 96, 24, "Mon: 1 fine", 198), Bar(401, 24, 96, "Wed: 4 fine", 198)),
        (Bar(1, 48, 48, "Mon: 2 wrong", 198), Bar(401, 0, 24, "Wed: 1 wrong", 198)),
    ]


def test_what_is_outside_of_the_picture_is_not_drawn() -> None:
    metrics = [metric(-1, "a"), metric(BARS, "a")]
    chart = counts("k", "Title", (ChartLine("a", "a", ("a",)),), metrics, FRAME)
    assert (chart.peak, chart.series[0].bars) == ("", ())


def test_nothing_is_a_picture_too() -> None:
    assert spans("k", "Title", "ack", (), FRAME).description == "slowest none; average none"


def test_spans_are_told_as_short_as_they_read_well() -> None:
    assert [seconds(each) for each in (0.0042, 1.26, 3725)] == ["4 ms", "1.3 s", "1:02:05"]


def test_figures_of_minutes_that_are_over_are_handed_over_once(
    frozen: FrozenDateTimeFactory,
) -> None:
    minutes = MinuteMetrics()
    minutes.note("ack", timedelta(seconds=1))
    minutes.note("ack", timedelta(seconds=3))
    assert minutes.take(AT + timedelta(seconds=59)) == ()

    later = AT + MINUTE
    frozen.move_to(later)
    minutes.note("ack")
    assert minutes.take(later) == (metric(0, "ack", 2, total=4, longest=3),)
    assert (minutes.take(later), len(minutes.held())) == ((), 1)
