"""Replies in several parts, and private replies to comments."""

from typing import Any

import peewee

_STATEMENTS = (
    (
        'ALTER TABLE "message" ADD COLUMN "part_of_id" {link} '
        'REFERENCES "message" ("id") ON DELETE SET NULL'
    ),
    'ALTER TABLE "message" ADD COLUMN "comment_id" VARCHAR(512)',
    (
        'CREATE INDEX "message_by_part_of" ON "message" ("part_of_id") '
        'WHERE ("part_of_id" IS NOT NULL)'
    ),
    (
        'CREATE UNIQUE INDEX "message_by_comment" ON "message" ("comment_id", "account_id") '
        'WHERE ("comment_id" IS NOT NULL)'
    ),
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Add the columns and what finds them."""
    link = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for statement in _STATEMENTS:
        migrator.sql(statement.format(link=link))
