"""The snooze that a snooze replaced, so that only the later one is undone."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns, empty."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for name in ("earlier_snoozed_at", "earlier_snoozed_until"):
        migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "{name}" {instant}')
