"""A rehearsal as a table and as a page."""

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from actors.cli.rehearse import read_span
from moca.core.replay_comparison import RecordedMessage, Rehearsal, ReplayComparison, ReplayOutcome
from moca.core.types import Outcome
from moca.rehearsal.page import rehearsal_page, write_for_the_owner
from moca.rehearsal.phrases import span
from moca.rehearsal.table import rehearsal_tables
from tests.support.factory import ANNA, NOON, at


def rehearsal(
    wrote: str = "hello", then: str = "Hi", now: str = "<b>Good</b> [red]day", most: int = 10
) -> Rehearsal:
    """A rehearsal with two messages that are answered differently."""
    comparison = ReplayComparison(most)
    for mid in ("m1", "m2"):
        recorded_messages = RecordedMessage(
            contact=ANNA,
            mid=mid,
            kind="message",
            text=wrote,
            type="text",
            received_at=NOON,
            ending=_ending(then, 8),
        )
        comparison.add(recorded_messages, _ending(now, 95))
    return Rehearsal(
        since=NOON,
        until=at(3600),
        counts=comparison.counts,
        differences=tuple(comparison.differences),
        webhooks=4,
        unreadable=1,
        unasked=0,
    )


def _ending(said: str, after: int) -> ReplayOutcome:
    sent_after = timedelta(seconds=after)
    return ReplayOutcome(
        outcome=Outcome.ANSWERED, said=said, type="text", by="rules: a", sent_after=sent_after
    )


def shown(rehearsal: Rehearsal) -> str:
    file = StringIO()
    console = Console(width=200, file=file)
    for each in rehearsal_tables(rehearsal):
        console.print(each)
    return file.getvalue()


def test_the_table_tells_what_was_said_and_what_is_said_now() -> None:
    told = shown(rehearsal())
    for text in ("hello", "m1", "Hi", "after 8.0 s", "[red]day", "after 95.0 s", "changed"):
        assert text in told
    assert "4 webhooks replayed, 2 messages compared, nothing sent." in told
    assert "Webhooks erased or unreadable: 1" in told


def test_the_table_cuts_long_texts_and_tells_what_it_does_not_show() -> None:
    told = shown(rehearsal(now="long " * 100, most=1))
    assert "long " * 60 not in " ".join(told.split())
    assert "Differences not shown (use --limit): 1" in told


def test_the_page_is_whole_in_itself_and_quotes_what_was_written_as_text() -> None:
    page = rehearsal_page(rehearsal(wrote="<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;Good&lt;/b&gt;" in page
    assert re.findall(r"<script|<link|<img|src=|href=|url\(|@import", page) == []
    assert "color-scheme: light dark" in page


def test_the_page_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "rehearsal.html"
    path.write_text("older")
    path.chmod(0o644)
    write_for_the_owner(path, "newer")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("newer", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["rehearsal.html"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7d", timedelta(days=7)),
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)),
        ("30s", timedelta(seconds=30)),
    ],
)
def test_a_span_is_read_as_people_write_it(text: str, time: timedelta) -> None:
    assert read_span(text) == time


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "7 days", "99999w", "1.5h"])
def test_what_is_no_span_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        read_span(text)


@pytest.mark.parametrize(
    ("time", "told"),
    [(8, "8.0 s"), (119, "119.0 s"), (150, "2.5 min"), (9000, "2.5 h"), (216_000, "2.5 d")],
)
def test_a_span_is_told_in_the_unit_that_reads_best(time: int, told: str) -> None:
    assert span(timedelta(seconds=time)) == told
