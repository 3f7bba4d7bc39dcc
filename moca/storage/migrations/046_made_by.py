"""What made a reply: generator, rule, and whether a language model wrote it."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns, empty: of earlier replies only the journey says it, as prose."""
    flag = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BOOLEAN"
    columns = {"generator": "VARCHAR(255)", "rule": "TEXT", "is_ai_generated": flag}
    for column, kind in columns.items():
        migrator.sql(f'ALTER TABLE "message" ADD COLUMN "{column}" {kind}')
