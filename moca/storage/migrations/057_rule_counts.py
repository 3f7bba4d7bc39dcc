"""An index of what rules answered, to count it."""

from typing import Any

import peewee

_INDEX = (
    'CREATE INDEX "message_by_rule" ON "message" ("bot", "created_at") WHERE ("rule" IS NOT NULL)'
)


def migrate(migrator: Any, _database: peewee.Database, **_options: Any) -> None:
    """Create the index."""
    migrator.sql(_INDEX)
