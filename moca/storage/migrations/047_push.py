# ruff: noqa: D101
"""Browsers that want push messages, and the messages that wait to be sent to them."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class Login(peewee.Model):
    id = IdentityField()


class Operator(peewee.Model):
    id = IdentityField()


class PushTarget(peewee.Model):
    id = IdentityField()
    login = peewee.ForeignKeyField(Login, on_delete="CASCADE", unique=True)
    endpoint = peewee.CharField(max_length=1000, unique=True)
    p256dh = peewee.CharField()
    auth = peewee.CharField()
    created_at = InstantField()

    class Meta:
        table_name = "push_target"


class QueuedPush(peewee.Model):
    id = IdentityField()
    kind = peewee.CharField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    operator = peewee.ForeignKeyField(Operator, null=True, on_delete="CASCADE")
    by = peewee.CharField(default="")
    created_at = InstantField()

    class Meta:
        table_name = "queued_push"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables."""
    migrator.create_model(PushTarget)
    migrator.create_model(QueuedPush)
