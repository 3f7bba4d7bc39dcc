# ruff: noqa: D101
"""Programs that are sent the feed's events, and what was delivered to them."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class StoredSubscriber(peewee.Model):
    id = IdentityField()
    name = peewee.CharField(unique=True)
    url = peewee.TextField()
    sealed_secret = peewee.TextField()
    kinds = peewee.TextField(default="")
    has_texts = peewee.BooleanField(default=False)
    cursor = peewee.BigIntegerField()
    attempts = peewee.IntegerField(default=0)
    due_at = InstantField(null=True)
    fault = peewee.TextField(default="")
    is_paused = peewee.BooleanField(default=False)
    created_at = InstantField()

    class Meta:
        table_name = "subscriber"


class FeedDelivery(peewee.Model):
    id = IdentityField()
    subscriber = peewee.ForeignKeyField(StoredSubscriber, on_delete="CASCADE")
    event_id = peewee.BigIntegerField()
    kind = peewee.CharField()
    at = InstantField()
    attempts = peewee.IntegerField()
    status = peewee.CharField()
    fault = peewee.TextField(default="")

    class Meta:
        table_name = "feed_delivery"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables."""
    migrator.create_model(StoredSubscriber)
    migrator.create_model(FeedDelivery)
