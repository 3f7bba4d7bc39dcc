"""When bots were deleted."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the column; no bot has been deleted yet."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "bot" ADD COLUMN "deleted_at" {instant}')
