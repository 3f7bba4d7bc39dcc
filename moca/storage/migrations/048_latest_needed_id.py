"""Up to which message a conversation waits for the team, because clocks can be set back."""

from typing import Any

import peewee

_FILL = """UPDATE "conversation" SET "needs_reply_last_id" = COALESCE(
(SELECT MAX("id") FROM "message" WHERE "message"."conversation_id" = "conversation"."id"
AND "message"."created_at" <= COALESCE("needs_reply_last_at", "needs_reply_since")), 0)
WHERE "needs_reply_since" IS NOT NULL"""


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Replace the time of the latest need by the message that was the latest one then."""
    number = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "needs_reply_last_id" {number}')
    migrator.sql(_FILL)
    migrator.sql('ALTER TABLE "conversation" DROP COLUMN "needs_reply_last_at"')
