# ruff: noqa: D101
"""The accounts to which operators are limited."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField


class Operator(peewee.Model):
    id = IdentityField()


class OperatorAccount(peewee.Model):
    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE", index=False)
    account_id = peewee.CharField()

    class Meta:
        table_name = "operator_account"
        primary_key = peewee.CompositeKey("operator", "account_id")


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table, empty: so far, everyone sees all accounts."""
    migrator.create_model(OperatorAccount)
