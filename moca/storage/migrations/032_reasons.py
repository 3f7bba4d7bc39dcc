"""Why messages and replies ended, as codes that logic reads beside the text for people."""

from typing import Any

import peewee


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Add the columns; rows written before hold none, and are read by their text."""
    for table in ("message", "queue_item"):
        migrator.sql(f'ALTER TABLE "{table}" ADD COLUMN "reason" VARCHAR(255)')
