"""When the latest message came to wait for the team, which only a later answer settles."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the column; rows written before hold none, and count from the first message."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "needs_reply_last_at" {instant}')
