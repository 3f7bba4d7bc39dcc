# ruff: noqa: D101
"""Which secrets sign webhooks."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class Signing(peewee.Model):
    secret = peewee.CharField(primary_key=True)
    last_at = InstantField()


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(Signing)
