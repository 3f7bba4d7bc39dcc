"""What Instagram shows of contacts, and whose profiles are still to be read."""

from typing import Any

import peewee

_COLUMNS = (
    '"username" TEXT',
    '"picture_url" TEXT',
    '"follower_count" INTEGER',
    '"follows_account" {boolean}',
    '"profile_due_at" {instant}',
    '"profile_tries" INTEGER NOT NULL DEFAULT 0',
)
_FILL = 'UPDATE "contact" SET "profile_due_at" = "last_seen_at" WHERE "name" IS NULL'
_INDEX = (
    'CREATE INDEX "contact_profile_due" ON "contact" ("profile_due_at") '
    'WHERE ("profile_due_at" IS NOT NULL)'
)


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns and the index; contacts without a name are due, the latest first."""
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    types = {"boolean": "INTEGER" if is_sqlite else "BOOLEAN"}
    types["instant"] = "INTEGER" if is_sqlite else "BIGINT"
    for column in _COLUMNS:
        migrator.sql(f'ALTER TABLE "contact" ADD COLUMN {column.format(**types)}')
    migrator.sql(_FILL)
    migrator.sql(_INDEX)
