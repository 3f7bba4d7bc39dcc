"""The account of what became of a cluster's traffic, by what the database and Instagram saw."""

from datetime import datetime, timedelta

import psycopg

JITTER = timedelta(milliseconds=100)
"""Between the start of a call and its arrival, on a machine that does other things too."""


def rows(database_url, query):
    """Ask a cluster's database."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(query).fetchall()


def is_idle(database_url):
    """Tell whether every message has its outcome and nothing is on its way."""
    open_messages = "SELECT count(*) FROM message WHERE role = 'user' AND outcome IS NULL"
    on_its_way = "SELECT count(*) FROM queue_item WHERE status IN ('pending','sending','unknown')"
    return rows(database_url, open_messages) == rows(database_url, on_its_way) == [(0,)]


def lost_and_twice(acknowledged, sent):
    """Name whom nobody answered though their message was taken, and who was answered twice."""
    texts = {psid: len(each) for psid, each in sent.items()}
    lost = sorted(psid for psid in acknowledged if not texts.get(psid))
    return lost, sorted(psid for psid, number in texts.items() if number > 1)


def most_in_a_second(sent, jitter=JITTER):
    """Count what arrived in the fullest second; `jitter` is what an arrival may be late by."""
    came = sorted(datetime.fromisoformat(at) for texts in sent.values() for at, _ in texts)
    within = timedelta(seconds=1) - jitter
    return max(sum(at <= other < at + within for other in came) for at in came)
