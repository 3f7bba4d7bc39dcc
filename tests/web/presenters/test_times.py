from datetime import timedelta

import pytest

from moca.core.instants import in_text
from moca.web.presenters.times import rough_span, with_times
from tests.support.factory import NOON


def test_an_instant_in_a_text_is_marked_up_for_the_readers_zone() -> None:
    assert with_times(f"until {in_text(NOON)}, <b>5 s</b> left") == (
        'until <time datetime="2026-11-22T12:00:00Z" data-local>2026-11-22 12:00:00 UTC</time>, '
        "&lt;b&gt;5 s&lt;/b&gt; left"
    )


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(length: timedelta, shown: str) -> None:
    assert rough_span(length) == shown
