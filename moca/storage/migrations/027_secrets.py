# ruff: noqa: D101
"""Secrets that Moca makes for itself and keeps."""

from typing import Any

import peewee


class KeptSecret(peewee.Model):
    name = peewee.CharField(primary_key=True)
    value = peewee.BlobField()

    class Meta:
        table_name = "kept_secret"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(KeptSecret)
