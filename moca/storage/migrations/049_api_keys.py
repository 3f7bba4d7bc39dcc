# ruff: noqa: D101
"""Keys with which programs use the API."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class ApiKey(peewee.Model):
    id = IdentityField()
    name = peewee.CharField(unique=True)
    key_hash = peewee.CharField(unique=True)
    role = peewee.CharField()
    account_ids = peewee.TextField(default="")
    created_at = InstantField()
    expires_at = InstantField(null=True)
    used_at = InstantField(null=True)

    class Meta:
        table_name = "api_key"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(ApiKey)
