# ruff: noqa: D101
"""The files that operators attach."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Message(peewee.Model):
    id = IdentityField()


class SavedReply(peewee.Model):
    id = IdentityField()

    class Meta:
        table_name = "saved_answer"


class Upload(peewee.Model):
    id = IdentityField()
    token = peewee.CharField(unique=True)
    file = peewee.CharField()
    name = peewee.CharField()
    media = peewee.CharField()
    mime_type = peewee.CharField()
    suffix = peewee.CharField()
    size = peewee.BigIntegerField()
    created_at = InstantField()
    expires_at = InstantField(null=True)
    message = peewee.ForeignKeyField(Message, null=True, unique=True, on_delete="SET NULL")
    saved_reply = peewee.ForeignKeyField(SavedReply, null=True, unique=True, on_delete="SET NULL")


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(Upload)
