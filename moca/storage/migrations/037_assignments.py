"""The assignees of conversations, with the index of those that are open."""

from typing import Any

import peewee

_INDEX = (
    'CREATE INDEX "conversation_assigned" ON "conversation" '
    '("assignee_id", "last_activity_at", "id") '
    'WHERE (("assignee_id" IS NOT NULL) AND ("status" != \'closed\'))'
)


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the column, empty, and its index."""
    number = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "assignee_id" {number}')
    migrator.sql(_INDEX)
