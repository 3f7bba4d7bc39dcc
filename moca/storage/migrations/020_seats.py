# ruff: noqa: D101
"""Who acts for a partition, and which nodes there are."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class Seat(peewee.Model):
    name = peewee.CharField(primary_key=True)
    epoch = peewee.BigIntegerField()
    node = peewee.CharField()
    since_at = InstantField()


class Node(peewee.Model):
    name = peewee.CharField(primary_key=True)
    address = peewee.CharField()
    seen_at = InstantField()


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables."""
    for table in (Seat, Node):
        migrator.create_model(table)
