"""The page of what was measured shows what the benchmarks found, and nothing by hand."""

from pathlib import Path

from tests.benchmarks.report import MEASURED, PAGE, PICTURES
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.measurements import (
    Conditions,
    Measurement,
    read_measurements,
    write_measurements,
)
from tests.benchmarks.support.picture import Bars
from tests.benchmarks.support.report_page import pictures, render


def measurement(*figures: Figure, name: str = "acks", is_quick: bool = False) -> Measurement:
    return Measurement(name, Conditions(2, "3.11.7", "3.40.1", 0.3, is_quick), figures)


def page_of(*measurements: Measurement) -> str:
    return render({each.benchmark: each for each in measurements})


def test_the_page_is_what_the_measurements_say() -> None:
    measured = read_measurements(MEASURED)
    assert PAGE.read_text(encoding="utf-8") == render(measured)
    for name, picture in pictures(measured).items():
        assert (PICTURES / name).read_text(encoding="utf-8") == picture


def test_a_measurement_reads_as_it_was_written(tmp_path: Path) -> None:
    bars = Bars("acks/s", {"Moca": 2.0, "bare": 3.0}, "{:.0f}")
    written = {"acks": measurement(Figure("acks/s", "2/s", "bare 3/s", "0.67", "≥ 0.8", bars))}
    write_measurements(tmp_path / "measured.jsonl", written)
    assert read_measurements(tmp_path / "measured.jsonl") == written


def test_what_has_a_goal_stands_at_the_top_with_its_ratio() -> None:
    aimed = Figure("acks/s", "2/s", "bare 3/s", "0.67", "≥ 0.8")
    page = page_of(measurement(aimed, Figure("journeys/s", "1/s")))
    goals = page.split("## Goals")[1].split("\n## ")[0]
    assert "| acks/s | 0.67: 2/s beside bare 3/s | ≥ 0.8 |\n" in goals
    assert "journeys/s" not in goals


def test_sections_follow_the_order_of_the_page() -> None:
    page = page_of(measurement(name="idle"), measurement(name="acks"))
    assert page.index("## Acknowledged webhooks") < page.index("## Idle memory")


def test_a_quick_run_says_that_it_is_one() -> None:
    quick = page_of(measurement(Figure("acks/s", "2/s", goal="≥ 3/s"), is_quick=True))
    assert "| 2/s (quick run) |" in quick
    assert "less sure" in quick
    assert "less sure" not in page_of(measurement())


def test_figures_with_bars_are_drawn_and_the_picture_is_linked() -> None:
    drawn = measurement(Figure("acks/s", "2/s", bars=Bars("acks/s", {"Moca": 2.0}, "{:.0f}")))
    assert "](../pictures/performance-acks.svg)" in page_of(drawn)
    assert pictures({"acks": drawn}).keys() == {"performance-acks.svg"}
    assert pictures({"acks": measurement(Figure("acks/s", "2/s"))}) == {}


def test_no_text_ends_its_cell() -> None:
    assert "| a \\| b | 1 |  |  |\n" in page_of(measurement(Figure("a | b", "1")))
