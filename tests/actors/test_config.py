import pytest

from actors.config import responders_for
from moca.settings.sections import Settings


@pytest.mark.parametrize(
    ("replies", "per_second", "responders"),
    [
        ({}, 3, 90),
        ({"timeout_seconds": 0.5}, 3, 8),
        ({"timeout_seconds": 600}, 3, 256),
        ({"timeout_seconds": 2.5}, 7, 18),
        ({"concurrency": 1}, 3, 1),
        ({"concurrency": 400}, 3, 400),
    ],
)
def test_as_many_replies_are_made_at_once_as_the_pace_asks_for(replies, per_second, responders):
    settings = Settings(replies=replies, sender={"per_second": per_second})
    assert responders_for(settings) == responders
