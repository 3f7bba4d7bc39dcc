# ruff: noqa: D101
"""How much of what is written comes by webhook."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class Comparison(peewee.Model):
    account_id = peewee.CharField(primary_key=True)
    looked_at = InstantField(null=True)
    compared_until = InstantField(null=True)
    heard_since_at = InstantField(null=True)
    last_arrival_at = InstantField(null=True)
    has_erased = peewee.BooleanField(default=False)
    erased_at = InstantField(null=True)
    quiet_since_at = InstantField(null=True)
    quiet_because = peewee.TextField(default="")


class ArrivalHour(peewee.Model):
    account_id = peewee.CharField()
    hour = InstantField()
    delivered = peewee.IntegerField(default=0)
    missed = peewee.IntegerField(default=0)

    class Meta:
        table_name = "arrival_hour"
        primary_key = peewee.CompositeKey("account_id", "hour")


class ArrivalCount(peewee.Model):
    name = peewee.CharField(primary_key=True)
    counted_id = peewee.BigIntegerField()
    seen_id = peewee.BigIntegerField()

    class Meta:
        table_name = "arrival_count"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables; all contacts so far became known by webhook."""
    for table in (Comparison, ArrivalHour, ArrivalCount):
        migrator.create_model(table)
    migrator.sql(
        'INSERT INTO "comparison" '
        '("account_id", "heard_since_at", "last_arrival_at", "has_erased", "quiet_because") '
        'SELECT "account_id", MIN("created_at"), MAX("last_seen_at"), FALSE, \'\' '
        'FROM "contact" GROUP BY "account_id"'
    )
    migrator.sql(
        'INSERT INTO "arrival_hour" ("account_id", "hour", "delivered", "missed") '
        'SELECT "account_id", "created_at" / 3600000000 * 3600000000, COUNT(*), 0 FROM "message" '
        'WHERE "webhook_id" IS NOT NULL AND "kind" = \'message\' '
        "AND (\"role\" = 'user' OR \"author\" = 'human') "
        'GROUP BY "account_id", "created_at" / 3600000000'
    )
    migrator.sql(
        'INSERT INTO "arrival_count" ("name", "counted_id", "seen_id") '
        'SELECT \'messages\', COALESCE(MAX("id"), 0), COALESCE(MAX("id"), 0) FROM "message"'
    )
