# ruff: noqa: D101
"""What the reports count, hour by hour."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class ReportHour(peewee.Model):
    hour = InstantField()
    account_id = peewee.CharField()
    measure = peewee.CharField()
    subject = peewee.CharField()
    bucket = peewee.IntegerField()
    count = peewee.BigIntegerField()

    class Meta:
        table_name = "report_hour"
        primary_key = peewee.CompositeKey("hour", "account_id", "measure", "subject", "bucket")


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table; what happened before is not counted."""
    migrator.create_model(ReportHour)
