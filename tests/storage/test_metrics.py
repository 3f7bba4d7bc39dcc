import logging
from datetime import datetime, timedelta
from pathlib import Path

import peewee
from peewee_migrate import Router

from moca.core.account_scope import AccountScope
from moca.core.messages.housekeeping import RecordMetrics
from moca.core.messages.operator_actions import CancelReply, RetryReply
from moca.core.metrics import Metric
from moca.core.types import ItemStatus
from moca.storage import migrations
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import QueueItem
from moca.storage.db.upgrade import migrate
from moca.storage.queries.queue import count_queue
from moca.storage.queries.stats import list_metrics
from tests.storage.desk import Desk
from tests.support.databases import run_sql
from tests.support.factory import ANNA, NOON, at

MIGRATIONS = Path(migrations.__file__).parent
MS = timedelta(milliseconds=1)


def metric(
    minute: datetime = NOON,
    name: str = "ack",
    account_id: str = "",
    count: int = 1,
    total: timedelta = 2 * MS,
    longest: timedelta = 2 * MS,
) -> Metric:
    return Metric(
        minute=minute, name=name, account_id=account_id, count=count, total=total, longest=longest
    )


def test_what_is_counted_twice_within_a_minute_is_added(desk: Desk) -> None:
    desk.do(RecordMetrics((metric(), metric(name="reply")), NOON, "1"))
    desk.do(RecordMetrics((metric(count=3, total=9 * MS, longest=5 * MS),), NOON, "2"))

    assert list_metrics(NOON) == (
        metric(count=4, total=11 * MS, longest=5 * MS),
        metric(name="reply"),
    )


def test_figures_of_accounts_stand_beside_those_of_all(desk: Desk) -> None:
    all_, ours, theirs = (metric(name="reply", account_id=each) for each in ("", "a", "b"))
    all_two = metric(name="reply", count=2)
    desk.do(RecordMetrics((metric(), all_two, ours, theirs), NOON, "1"))
    desk.do(RecordMetrics((all_, ours), NOON, "2"))

    def listed(*account_ids: str) -> list[tuple[str, int]]:
        found = list_metrics(NOON, scope=AccountScope(frozenset(account_ids)))
        return [(each.name, each.count) for each in found]

    assert [(each.name, each.count) for each in list_metrics(NOON)] == [("ack", 1), ("reply", 3)]
    assert listed("a") == [("reply", 2)]
    assert listed("a", "b") == [("reply", 3)]
    assert listed() == []


def test_figures_of_last_week_are_forgotten(desk: Desk) -> None:
    desk.do(RecordMetrics((metric(), metric(account_id="a")), NOON, "1"))
    later = NOON + timedelta(days=9)
    desk.do(RecordMetrics((metric(minute=later),), later, "2"))

    assert list_metrics(NOON) == (metric(minute=later),)
    assert list_metrics(NOON, scope=AccountScope(frozenset("a"))) == ()


def test_no_figures_are_nothing(desk: Desk) -> None:
    desk.do(RecordMetrics((), NOON, "1"))
    assert list_metrics(NOON) == ()


def test_the_queues_counts_follow_every_change(desk: Desk) -> None:
    def counted() -> dict[str, int]:
        rows = read_rows(QueueItem.select(QueueItem.status))
        found = [status for (status,) in rows]
        assert count_queue() == {status: found.count(status) for status in ItemStatus}
        return {str(status): count for status, count in count_queue().items() if count}

    first, second = desk.receive("m1"), desk.receive("m2", contact=ANNA)
    reply, other = desk.queue(first), desk.queue(second)
    assert counted() == {"pending": 2}
    desk.send(reply)
    assert counted() == {"sent": 1, "pending": 1}
    desk.do(CancelReply(other.item_id, at(8)))
    assert counted() == {"sent": 1, "cancelled": 1}
    desk.do(RetryReply(other.item_id, at(9)))
    assert counted() == {"sent": 1, "pending": 1}
    QueueItem.delete().where(QueueItem.id == other.item_id).execute()
    assert counted() == {"sent": 1}


def test_what_was_queued_before_is_counted_once(new_database: peewee.Database) -> None:
    database = new_database
    with database.connection_context():
        Router(database, migrate_dir=MIGRATIONS, logger=logging.getLogger("quiet")).run("012_inbox")
        run_sql(
            database,
            "INSERT INTO contact (account_id, psid, created_at, last_seen_at, message_count)"
            " VALUES ('a', '1', 1, 1, 1)",
        )
        run_sql(
            database,
            "INSERT INTO conversation (contact_id, status, created_at, last_activity_at)"
            " VALUES (1, 'open', 1, 1)",
        )
        run_sql(
            database,
            "INSERT INTO message (conversation_id, account_id, kind, role, author, type, text,"
            " created_at, status, processed, because, redeliveries)"
            " VALUES (1, 'a', 'message', 'assistant', 'bot', 'text', '', 1, 'sent', TRUE, '', 0)",
        )
        run_sql(
            database,
            "INSERT INTO queue_item (message_id, conversation_id, priority, status, scheduled_for,"
            " attempts, because, created_at) VALUES (1, 1, 1, 'sent', 1, 1, '', 1)",
        )
    migrate(database)
    with database.connection_context():
        assert count_queue()[ItemStatus.SENT] == 1
        QueueItem.delete().execute()
        assert count_queue()[ItemStatus.SENT] == 0
