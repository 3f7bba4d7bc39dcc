import pytest

from actors.config import responders_for, sender_policy
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
def test_as_many_replies_are_made_at_once_as_the_pace_asks_for(
    replies: dict[str, float], per_second: int, responders: int
) -> None:
    settings = Settings(replies=replies, sender={"per_second": per_second})
    assert responders_for(settings) == responders


@pytest.mark.parametrize(
    ("per_second", "timeout_seconds", "couriers"),
    [(3, 10, 32), (25, 10, 252), (100, 10, 256), (100, 1.5, 152), (1, 60, 62)],
)
def test_as_many_calls_may_hang_at_once_as_the_pace_asks_for(
    per_second: int, timeout_seconds: float, couriers: int
) -> None:
    settings = Settings(
        sender={"per_second": per_second}, instagram={"timeout_seconds": timeout_seconds}
    )
    assert sender_policy(settings).couriers == couriers
