# ruff: noqa: D101
"""What Instagram tells beside messages, and when a message was unsent."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Webhook(peewee.Model):
    id = peewee.BigAutoField()


class Event(peewee.Model):
    id = IdentityField()
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    kind = peewee.CharField()
    account_id = peewee.CharField(default="")
    psid = peewee.CharField(null=True)
    mid = peewee.CharField(null=True, max_length=512)
    key = peewee.CharField(unique=True)
    at = InstantField()
    sent_at = InstantField(null=True)
    detail = peewee.TextField(default="{}")
    redeliveries = peewee.IntegerField(default=0)
    look_at = InstantField(null=True)
    fetches = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")

    class Meta:
        indexes = ((("mid", "account_id"), False), (("psid", "account_id"), False))


_PARTIAL_INDEXES = (
    'CREATE INDEX "event_to_look_at" ON "event" ("look_at") WHERE ("look_at" IS NOT NULL)',
    'CREATE INDEX "event_by_webhook" ON "event" ("webhook_id") WHERE ("webhook_id" IS NOT NULL)',
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Create the table and add the column."""
    migrator.create_model(Event)
    for index in _PARTIAL_INDEXES:
        migrator.sql(index)
    kind = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "message" ADD COLUMN "deleted_at" {kind}')
