"""What goes with a message's text: media, quick replies, buttons, cards."""

from typing import Any

import peewee


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Add the column."""
    migrator.sql('ALTER TABLE "message" ADD COLUMN "content" TEXT')
