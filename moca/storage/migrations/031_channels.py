"""Of which account and kind a reply is, so that no channel is read past to find another's."""

from typing import Any

import peewee

_COLUMN = 'ALTER TABLE "queue_item" ADD COLUMN "channel" VARCHAR(255) NOT NULL DEFAULT \'\''
# What was sent is never looked for again.
_FILL = """UPDATE "queue_item" SET "channel" = (
SELECT CASE WHEN "message"."comment_id" IS NOT NULL THEN 'private_reply'
WHEN "message"."type" IN ('image', 'video', 'audio', 'file') THEN 'media' ELSE 'text' END
|| ':' || "message"."account_id" FROM "message" WHERE "message"."id" = "queue_item"."message_id")
WHERE "status" <> 'sent'"""
_INDEXES = (
    (
        'CREATE INDEX "queue_item_of_channel" ON "queue_item" '
        '("status", "channel", "priority", "id") '
        'WHERE (("status" = \'pending\') AND ("scheduled_for" <= "created_at"))'
    ),
    (
        'CREATE INDEX "queue_item_of_channel_later" ON "queue_item" '
        '("status", "channel", "priority", "scheduled_for", "id") '
        'WHERE (("status" = \'pending\') AND ("scheduled_for" > "created_at"))'
    ),
)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Add the column and the indexes; fill it for what may still go."""
    for statement in (_COLUMN, _FILL, *_INDEXES):
        migrator.sql(statement)
