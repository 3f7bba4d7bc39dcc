# ruff: noqa: D101
"""Figures by the minute of each account."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class AccountMetric(peewee.Model):
    account_id = peewee.CharField()
    minute = InstantField()
    name = peewee.CharField()
    count = peewee.IntegerField()
    total = peewee.BigIntegerField(default=0)
    longest = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "account_figure"
        primary_key = peewee.CompositeKey("account_id", "minute", "name")
        indexes = ((("minute",), False),)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table, empty: so far, no figure names its account."""
    migrator.create_model(AccountMetric)
