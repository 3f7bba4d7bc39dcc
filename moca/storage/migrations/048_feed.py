# ruff: noqa: D101
"""The feed of events for other programs."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class StoredFeedEvent(peewee.Model):
    id = IdentityField()
    kind = peewee.CharField()
    at = InstantField()
    message_id = peewee.BigIntegerField(null=True)
    conversation_id = peewee.BigIntegerField(null=True)
    account_id = peewee.CharField(null=True)
    detail = peewee.TextField(null=True)

    class Meta:
        table_name = "feed"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(StoredFeedEvent)
