from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from moca.core.snooze import SnoozeTime, instant_of

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "now", "zone", "ends_at"),
    [
        ("hour", utc(11, 29, 23, 30), BERLIN, utc(11, 30, 0, 30)),
        ("tomorrow", utc(11, 24, 12), UTC, utc(11, 25, 9)),
        ("tomorrow", utc(11, 24, 12), BERLIN, utc(11, 25, 8)),
        ("tomorrow", utc(11, 24, 23, 30), BERLIN, utc(11, 26, 8)),
        ("tomorrow", utc(11, 24, 16), TOKYO, utc(11, 26, 0)),
        # The clocks change in the night between.
        ("tomorrow", utc(10, 24, 12), BERLIN, utc(10, 25, 8)),
        ("tomorrow", utc(3, 28, 12), BERLIN, utc(3, 29, 7)),
        ("monday", utc(11, 24, 12), UTC, utc(11, 30, 9)),
        ("monday", utc(11, 29, 12), UTC, utc(11, 30, 9)),
        ("monday", utc(11, 30, 5), UTC, utc(12, 7, 9)),
    ],
)
def test_a_choice_is_an_instant_in_the_operators_zone(
    chosen: str, now: datetime, zone: tzinfo, ends_at: datetime
) -> None:
    assert instant_of(SnoozeTime(chosen), now, zone) == ends_at
