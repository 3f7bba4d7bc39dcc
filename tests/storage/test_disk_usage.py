import peewee

from moca.storage.disk_usage import DiskUsage, bytes_by_table, read_disk_usage
from tests.storage.desk import Desk
from tests.support.factory import at

DAY = 86_400


def test_a_day_adds_what_the_messages_of_a_week_took_on_average() -> None:
    usage = DiskUsage(total_bytes=7_000, messages=100, recent_messages=50)
    assert usage.daily_bytes == 500
    assert usage.days_until_full(5_000) == 10


def test_without_messages_nothing_grows() -> None:
    usage = DiskUsage(total_bytes=7_000, messages=0, recent_messages=0)
    assert (usage.daily_bytes, usage.days_until_full(5_000)) == (0, None)


def test_the_messages_of_the_last_seven_days_are_recent(
    desk: Desk, database: peewee.Database
) -> None:
    for day in range(10):
        desk.receive(f"m{day}", seconds=day * DAY)
    usage = read_disk_usage(database, at(10 * DAY - 1))
    assert (usage.messages, usage.recent_messages) == (10, 7)
    assert usage.total_bytes > 0


def test_tables_are_counted_with_their_indexes(desk: Desk, database: peewee.Database) -> None:
    desk.receive("m1")
    sizes = bytes_by_table(database)
    assert {"message", "webhook", "journey_step"} <= sizes.keys()
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
