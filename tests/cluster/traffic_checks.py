"""Checks of a cluster's traffic, by the database and what Instagram received."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from tests.process.kill_traffic import Traffic
from tests.support.arrivals import JITTER, most_in_a_second
from tests.support.stalls import StallWatch


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """Query a cluster's database."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(query).fetchall()


def is_idle(database_url: str) -> bool:
    """Return whether every message has its outcome and nothing is pending."""
    open_messages = "SELECT count(*) FROM message WHERE role = 'user' AND outcome IS NULL"
    on_its_way = "SELECT count(*) FROM queue_item WHERE status IN ('pending','sending','unknown')"
    return rows(database_url, open_messages) == rows(database_url, on_its_way) == [(0,)]


def lost_and_twice(
    acknowledged: Iterable[str], sent: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Return the contacts with an acknowledged message and no reply, and those with two replies."""
    texts = {psid: len(each) for psid, each in sent.items()}
    lost = sorted(psid for psid in acknowledged if not texts.get(psid))
    return lost, sorted(psid for psid, number in texts.items() if number > 1)


class TrafficFigures(NamedTuple):
    """What came of the messages of a test."""

    lost: list[str]
    twice: list[str]
    most: int
    """The most replies in a second."""
    text: str


def figures_of(
    traffic: Traffic, sent: Mapping[str, Any], stalls: StallWatch, jitter: timedelta = JITTER
) -> TrafficFigures:
    """Return what came of a traffic that has ended."""
    lost, twice = lost_and_twice(traffic.acknowledged, sent)
    came = [datetime.fromisoformat(at) for texts in sent.values() for at, _ in texts]
    late = timedelta(seconds=stalls.most_seconds)
    most, _ = most_in_a_second(came, lambda _at: late, jitter)
    counts = f"{len(traffic.acknowledged)} acked, {len(lost)} lost, {len(twice)} twice"
    return TrafficFigures(lost, twice, most, f"{counts}, at most {most} in a second")
