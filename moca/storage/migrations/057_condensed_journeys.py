# ruff: noqa: D101
"""How far the journeys of answered messages are condensed."""

from typing import Any

import peewee


class CondensedJourneys(peewee.Model):
    name = peewee.CharField(primary_key=True)
    last_step_id = peewee.BigIntegerField()

    class Meta:
        table_name = "condensed_journeys"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(CondensedJourneys)
