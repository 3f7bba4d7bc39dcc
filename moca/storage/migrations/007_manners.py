# ruff: noqa: D101
"""Opted-out contacts, queue items exempt from a hold, and notifications to people outside."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class Notice(peewee.Model):
    id = IdentityField()
    kind = peewee.CharField()
    because = peewee.TextField(default="")
    account_id = peewee.CharField()
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE", index=False)
    created_at = InstantField()
    due_at = InstantField(null=True)
    attempts = peewee.IntegerField(default=0)
    sent_at = InstantField(null=True)
    fault = peewee.TextField(default="")


_INDEXES = (
    'CREATE INDEX "notice_due" ON "notice" ("due_at") WHERE ("due_at" IS NOT NULL)',
    (
        'CREATE INDEX "notice_by_conversation" ON "notice" ("conversation_id") '
        'WHERE ("conversation_id" IS NOT NULL)'
    ),
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Add the columns and the table."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "contact" ADD COLUMN "opted_out_at" {instant}')
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "person_until" {instant}')
    migrator.sql('ALTER TABLE "message" ADD COLUMN "wish" VARCHAR(255)')
    migrator.sql('ALTER TABLE "queue_item" ADD COLUMN "parting" VARCHAR(255)')
    migrator.create_model(Notice)
    for index in _INDEXES:
        migrator.sql(index)
