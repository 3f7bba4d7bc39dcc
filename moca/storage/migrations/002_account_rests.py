# ruff: noqa: D101
"""Until when accounts rest, so that a restart does not forget it."""

from typing import Any

import peewee

from moca.storage.db.fields import InstantField


class AccountRest(peewee.Model):
    account_id = peewee.CharField(primary_key=True)
    rests_until = InstantField()

    class Meta:
        table_name = "account_rest"


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table."""
    migrator.create_model(AccountRest)
