# ruff: noqa: D101
"""Requests that are carried out once, who wrote a reply, and who has taken a conversation over."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class IdempotencyKey(peewee.Model):
    key = peewee.CharField(primary_key=True)
    fingerprint = peewee.CharField()
    at = InstantField(index=True)
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE")
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")
    status = peewee.IntegerField(null=True)
    body = peewee.TextField(null=True)

    class Meta:
        table_name = "idempotency_key"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table and add the columns."""
    migrator.create_model(IdempotencyKey)
    migrator.sql('ALTER TABLE "message" ADD COLUMN "author_name" VARCHAR(255)')
    migrator.sql('ALTER TABLE "conversation" ADD COLUMN "held_by" VARCHAR(255)')
