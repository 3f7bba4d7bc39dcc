"""Since when and until when conversations are snoozed, with the index of those that are."""

from typing import Any

import peewee

_INDEX = (
    'CREATE INDEX "conversation_snoozed" ON "conversation" ("last_activity_at", "id") '
    'WHERE ("snoozed_at" IS NOT NULL)'
)


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns, empty, and their index."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for column in ("snoozed_at", "snoozed_until"):
        migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "{column}" {instant}')
    migrator.sql(_INDEX)
