"""Why an account rests, if an operator has to act."""

from typing import Any

import peewee


def migrate(migrator: Any, _database: peewee.Database, **_options: Any) -> None:
    """Add the column."""
    migrator.sql('ALTER TABLE "account_rest" ADD COLUMN "problem" TEXT NOT NULL DEFAULT \'\'')
