"""What is under way in a conversation, and what lately went out, found without reading it all."""

from typing import Any

import peewee

_INDEXES = (
    'CREATE INDEX "queue_item_of_conversation" ON "queue_item" ("conversation_id", "sent_at")',
    (
        'CREATE INDEX "message_unnamed" ON "message" ("conversation_id") '
        'WHERE (("role" = \'assistant\') AND ("mid" IS NULL))'
    ),
    (
        'CREATE INDEX "queue_item_under_way" ON "queue_item" ("conversation_id") '
        "WHERE (\"status\" IN ('pending', 'sending'))"
    ),
    (
        'CREATE INDEX "queue_item_parting" ON "queue_item" ("conversation_id") '
        'WHERE ("parting" IS NOT NULL)'
    ),
)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Add the indexes, one of them in place of a narrower one."""
    for index in _INDEXES:
        migrator.sql(index)
    migrator.sql('DROP INDEX "queueitem_conversation_id"')
