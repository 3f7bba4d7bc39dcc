from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import peewee

from moca.storage.db.scan import last_id_before
from moca.storage.db.tables import Message
from moca.storage.queries.stats import database_bytes

_LATELY = timedelta(days=7)
_OF_SQLITE = """SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat AS d
JOIN sqlite_master AS m ON m.name = d.name GROUP BY m.tbl_name"""
_OF_POSTGRESQL = """SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables
WHERE schemaname = current_schema()"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUsage:
    """The size of a database, and how it grows."""

    total_bytes: int
    messages: int
    recent_messages: int
    """Of the last seven days."""

    @property
    def daily_bytes(self) -> float:
        """How much a day of the last week added, if all messages are of one size."""
        if not self.messages:
            return 0
        return self.total_bytes * self.recent_messages / self.messages / _LATELY.days

    def days_until_full(self, free_bytes: int) -> float | None:
        """Return in how many days the disk is full at this rate; None if nothing is added."""
        return free_bytes / self.daily_bytes if self.daily_bytes else None


def read_disk_usage(database: peewee.Database, now: datetime) -> DiskUsage:
    """Read how large the database is, and how many messages came lately."""
    size, log_size = database_bytes(database)
    recent = Message.id > last_id_before(Message.created_at, now - _LATELY)
    return DiskUsage(
        total_bytes=(size or 0) + (log_size or 0),
        messages=Message.select().count(),
        recent_messages=Message.select().where(recent).count(),
    )


def bytes_by_table(database: peewee.Database) -> dict[str, int]:
    """Return how many bytes each table takes with its indexes, largest first.

    Reads the whole database of SQLite; empty if this SQLite does not tell.
    """
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    asked: Any = database
    try:
        rows = asked.execute_sql(_OF_SQLITE if is_sqlite else _OF_POSTGRESQL).fetchall()
    except peewee.OperationalError:  # It was built without dbstat.
        return {}
    return dict(Counter({name: int(size) for name, size in rows}).most_common())
