# ruff: noqa: D101
"""What people asked to have erased, and how far it is."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class DeletionRequest(peewee.Model):
    code = peewee.CharField(primary_key=True)
    account_id = peewee.CharField(null=True)
    requested_at = InstantField()
    completed_at = InstantField(null=True)

    class Meta:
        table_name = "deletion_request"


class Scrub(peewee.Model):
    id = peewee.BigAutoField()
    account_id = peewee.CharField()
    psid = peewee.CharField(null=True)
    code = peewee.CharField(null=True)
    after_id = peewee.BigIntegerField(default=0)
    until_id = peewee.BigIntegerField()


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the tables."""
    for table in (DeletionRequest, Scrub):
        migrator.create_model(table)
