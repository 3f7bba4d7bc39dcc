# ruff: noqa: D101
"""The accounts, their tokens sealed."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class Account(peewee.Model):
    account_id = peewee.CharField(primary_key=True)
    flavour = peewee.CharField()
    username = peewee.TextField(null=True)
    name = peewee.TextField(null=True)
    page_id = peewee.CharField(null=True)
    app_user_id = peewee.CharField(null=True)
    scopes = peewee.TextField(default="")
    subscribed_fields = peewee.TextField(default="")
    status = peewee.CharField(default="active")
    because = peewee.TextField(default="")
    created_at = InstantField()
    sealed_token = peewee.TextField()
    token_stored_at = InstantField()
    token_issued_at = InstantField()
    token_expires_at = InstantField(null=True)
    refreshed_at = InstantField(null=True)
    refresh_failures = peewee.IntegerField(default=0)
    refresh_failed_at = InstantField(null=True)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(Account)
