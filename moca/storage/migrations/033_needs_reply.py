"""Since when conversations need a reply of the team, so that the list is read from an index."""

from typing import Any

import peewee

_INDEXES = (
    (
        'CREATE INDEX "conversation_needs_reply" ON "conversation" ("needs_reply_since", "id") '
        'WHERE ("needs_reply_since" IS NOT NULL)'
    ),
    (
        'CREATE INDEX "conversation_held" ON "conversation" ("last_activity_at", "id") '
        "WHERE (\"status\" IN ('human', 'paused', 'standby'))"
    ),
)
# Only as far back as a person may still write, by the index of the conversations not open.
_FILL = """UPDATE "conversation" SET "needs_reply_since" = "last_user_message_at"
WHERE "status" <> 'open' AND "status" = 'human'
AND "last_activity_at" > (SELECT MAX("last_activity_at") FROM "conversation") - 604800000000
AND ("held_by" IS NULL OR "last_user_message_at" >= "last_activity_at")"""


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the column and the indexes; fill it for the conversations that the team holds."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "needs_reply_since" {instant}')
    for statement in (_FILL, *_INDEXES):
        migrator.sql(statement)
