"""Which replies Instagram refused in a way after which nothing may be sent again."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Add the column."""
    truth = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BOOLEAN"
    migrator.sql(f'ALTER TABLE "queue_item" ADD COLUMN "is_final" {truth}')
