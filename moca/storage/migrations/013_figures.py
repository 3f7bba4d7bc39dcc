# ruff: noqa: D101
"""Whether the queue is frozen, figures by the minute, and the queue's counts."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class Freeze(peewee.Model):
    name = peewee.CharField(primary_key=True)
    since_at = InstantField()


class MinuteFigure(peewee.Model):
    minute = InstantField()
    name = peewee.CharField()
    count = peewee.IntegerField()
    total = peewee.BigIntegerField(default=0)
    longest = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "minute_figure"
        primary_key = peewee.CompositeKey("minute", "name")


class QueueCount(peewee.Model):
    status = peewee.CharField()
    shard = peewee.IntegerField()
    items = peewee.BigIntegerField()

    class Meta:
        table_name = "queue_count"
        primary_key = peewee.CompositeKey("status", "shard")


# Named with its status, so that SQLite takes it rather than sort what another index finds.
_PENDING = (
    'CREATE INDEX "queue_item_pending" ON "queue_item" ("status", "priority", "id") '
    "WHERE (\"status\" = 'pending')"
)

_AT_ONCE = (
    'CREATE INDEX "queue_item_at_once" ON "queue_item" ("status", "priority", "id") '
    'WHERE (("status" = \'pending\') AND ("scheduled_for" <= "created_at"))'
)

_COUNT = """INSERT INTO "queue_count" ("status", "shard", "items")
    VALUES ({row}."status", {shard}, {by})
    ON CONFLICT ("status", "shard") DO UPDATE SET "items" = "queue_count"."items" + {by};"""

_MOMENTS = {
    "counted": "AFTER INSERT",
    "uncounted": "AFTER DELETE",
    "recounted": 'AFTER UPDATE OF "status"',
}


def _steps(name: str, shard: str) -> str:
    gone = _COUNT.format(row="OLD", shard=shard, by=-1)
    come = _COUNT.format(row="NEW", shard=shard, by=1)
    return {"counted": come, "uncounted": gone, "recounted": gone + come}[name]


def _sqlite(name: str) -> list[str]:
    changed = 'WHEN OLD."status" <> NEW."status"' if name == "recounted" else ""
    head = f'CREATE TRIGGER "queue_item_{name}" {_MOMENTS[name]} ON "queue_item" {changed}'
    return [f"{head} BEGIN {_steps(name, '0')} END"]


def _postgresql(name: str) -> list[str]:
    steps = f"BEGIN {_steps(name, 'pg_backend_pid()')} RETURN NULL; END"
    function = f'"queue_item_{name}"()'
    head = f'CREATE TRIGGER "queue_item_{name}" {_MOMENTS[name]} ON "queue_item"'
    return [
        f"CREATE FUNCTION {function} RETURNS trigger AS $$ {steps} $$ LANGUAGE plpgsql",
        f"{head} FOR EACH ROW EXECUTE FUNCTION {function}",
    ]


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Create the tables and the triggers; count what is there."""
    for table in (Freeze, MinuteFigure, QueueCount):
        migrator.create_model(table)
    migrator.sql(
        'INSERT INTO "queue_count" ("status", "shard", "items") '
        'SELECT "status", 0, COUNT(*) FROM "queue_item" GROUP BY "status"'
    )
    migrator.sql('DROP INDEX "queue_item_pending"')
    migrator.sql(_PENDING)
    # Of two that fit alike SQLite takes the younger one, and this one is far smaller.
    migrator.sql('DROP INDEX "queue_item_at_once"')
    migrator.sql(_AT_ONCE)
    triggers = _sqlite if isinstance(database, peewee.SqliteDatabase) else _postgresql
    for name in _MOMENTS:
        for statement in triggers(name):
            migrator.sql(statement)
