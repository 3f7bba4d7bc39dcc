# ruff: noqa: D101
"""Bots with their versions, which of them answers for an account, and which made a reply."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class StoredBot(peewee.Model):
    name = peewee.CharField(primary_key=True)
    draft = peewee.TextField()
    draft_revision = peewee.IntegerField()
    draft_by = peewee.CharField()
    draft_at = InstantField()

    class Meta:
        table_name = "bot"


class StoredBotVersion(peewee.Model):
    id = IdentityField()
    bot = peewee.ForeignKeyField(StoredBot, on_delete="CASCADE", index=False)
    number = peewee.IntegerField()
    document = peewee.TextField()
    author = peewee.CharField()
    note = peewee.TextField(default="")
    published_at = InstantField()

    class Meta:
        table_name = "bot_version"
        indexes = ((("bot", "number"), True),)


class AccountBot(peewee.Model):
    id = IdentityField()
    account_id = peewee.CharField(unique=True)
    bot = peewee.ForeignKeyField(StoredBot, null=True, on_delete="CASCADE", index=False)

    class Meta:
        table_name = "account_bot"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables and add the columns, empty: earlier replies are the settings' bot's."""
    for model in (StoredBot, StoredBotVersion, AccountBot):
        migrator.create_model(model)
    migrator.sql('ALTER TABLE "message" ADD COLUMN "bot" VARCHAR(255)')
    migrator.sql('ALTER TABLE "message" ADD COLUMN "bot_version" INTEGER')
