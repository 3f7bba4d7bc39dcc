# ruff: noqa: D101
"""Which ice breakers and menu each account was given."""

from typing import Any

import peewee


class AccountProfile(peewee.Model):
    account_id = peewee.CharField(primary_key=True)
    ice_breakers = peewee.CharField(default="")
    menu = peewee.CharField(default="")

    class Meta:
        table_name = "account_profile"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(AccountProfile)
