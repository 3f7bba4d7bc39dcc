"""How long a holder may act without another proof, so that versions may differ in it."""

from typing import Any

import peewee


def migrate(migrator: Any, database: peewee.Database, **_options: Any) -> None:
    """Add the columns, empty: the holders of the version before kept their leases for 2.5 s."""
    big = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for name in ("lease_ms", "lease_epoch"):
        migrator.sql(f'ALTER TABLE "seat" ADD COLUMN "{name}" {big}')
