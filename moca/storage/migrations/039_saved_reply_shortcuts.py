"""The shortcuts by which saved replies are found."""

from typing import Any

import peewee


def migrate(migrator: Any, _database: peewee.Database, **_options: Any) -> None:
    """Add the column; saved replies written before have no shortcut."""
    migrator.sql('ALTER TABLE "saved_answer" ADD COLUMN "shortcut" VARCHAR(255)')
    migrator.sql('CREATE UNIQUE INDEX "savedreply_shortcut" ON "saved_answer" ("shortcut")')
    # Indexes are named after the model, which was SavedAnswer.
    migrator.sql('DROP INDEX "savedanswer_name"')
    migrator.sql('CREATE UNIQUE INDEX "savedreply_name" ON "saved_answer" ("name")')
