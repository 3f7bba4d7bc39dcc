# ruff: noqa: D101
"""What is expected of bots: their cases, as TOML."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class StoredBotCases(peewee.Model):
    bot = peewee.CharField(primary_key=True)
    cases = peewee.TextField()
    revision = peewee.IntegerField()
    saved_by = peewee.CharField()
    saved_at = InstantField()

    class Meta:
        table_name = "bot_cases"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(StoredBotCases)
