# ruff: noqa: D101
"""Since when a reply may have arrived, keys of commands, and the accounts that were removed."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class RemovedAccount(peewee.Model):
    account_id = peewee.CharField(primary_key=True)
    removed_at = InstantField()

    class Meta:
        table_name = "removed_account"


_STATEMENTS = (
    'ALTER TABLE "queue_item" ADD COLUMN "unconfirmed_since" {instant}',
    'ALTER TABLE "queue_item" ADD COLUMN "command_key" VARCHAR(255)',
    (
        'CREATE UNIQUE INDEX "queue_item_command_key" ON "queue_item" ("command_key") '
        'WHERE ("command_key" IS NOT NULL)'
    ),
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Add the columns, the index and the table."""
    migrator.create_model(RemovedAccount)
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for statement in _STATEMENTS:
        migrator.sql(statement.format(instant=instant))
