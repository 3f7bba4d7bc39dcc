"""What closing a conversation changed, so that it can be undone."""

from typing import Any

import peewee


def migrate(migrator: Any, _database: peewee.Database, **_options: Any) -> None:
    """Add the column, empty."""
    migrator.sql('ALTER TABLE "conversation" ADD COLUMN "before_close" TEXT')
