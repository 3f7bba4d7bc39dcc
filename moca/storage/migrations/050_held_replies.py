"""Replies that are held for the team, their topics, and what the bot wrote of edited ones."""

from typing import Any

import peewee

_INDEX = (
    'CREATE INDEX "queue_item_held" ON "queue_item" ("conversation_id") WHERE ("status" = \'held\')'
)


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns and the index; nothing is held yet."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "queue_item" ADD COLUMN "release_at" {instant}')
    migrator.sql('ALTER TABLE "message" ADD COLUMN "topic" VARCHAR(255)')
    migrator.sql('ALTER TABLE "message" ADD COLUMN "drafted_text" TEXT')
    migrator.sql(_INDEX)
