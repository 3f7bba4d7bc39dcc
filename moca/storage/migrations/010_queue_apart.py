"""What may go at once and what is for later, apart: neither is read past to find the other."""

from typing import Any

import peewee

_INDEXES = (
    (
        'CREATE INDEX "queue_item_at_once" ON "queue_item" ("status", "priority", "id") '
        'WHERE (("status" = \'pending\') AND ("scheduled_for" <= "created_at"))'
    ),
    (
        'CREATE INDEX "queue_item_later" ON "queue_item" ("priority", "scheduled_for", "id") '
        'WHERE (("status" = \'pending\') AND ("scheduled_for" > "created_at"))'
    ),
)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Add the indexes."""
    for index in _INDEXES:
        migrator.sql(index)
