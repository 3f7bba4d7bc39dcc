import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from moca.storage.db.connection import open_database

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


class NewerSchema(ValueError):  # noqa: N818 - the name states the error
    """Raised for a database that a newer version of Moca has migrated."""


Announce = Callable[[str, int, int], None]
"""Receives the name of a migration as it begins, its number, and how many are due."""


def migrate(database: peewee.Database, announce: Announce | None = None) -> None:
    """Bring the schema up to date.

    Each migration is one transaction and completed ones are skipped, so this can be interrupted and
    called again. The migrations of an upgrade are announced, those of a new database are not.

    Raises:
        NewerSchema: If the database has migrations that this version does not know.
    """
    with database.connection_context(), _alone(database):
        due = due_migrations(database)
        if not due:
            return
        # The import loads half a test framework into memory, which only migrations need.
        from peewee_migrate import Router  # noqa: PLC0415

        quiet = logging.getLogger("moca.storage.migrations")
        router = Router(database, migrate_dir=_MIGRATIONS, logger=quiet)
        is_upgrade = bool(router.done)
        for number, name in enumerate(due, 1):
            if announce and is_upgrade:
                announce(name, number, len(due))
            router.run_one(name, router.migrator, fake=False)


def due_migrations(database: peewee.Database) -> list[str]:
    """Return the names of the migrations that `migrate` would carry out, in their order.

    Raises:
        NewerSchema: If the database has migrations that this version does not know.
    """
    known, done = {path.stem for path in _MIGRATIONS.glob("[0-9]*.py")}, _completed(database)
    if newer := done - known:
        raise NewerSchema(
            f"a newer version of Moca wrote it ({max(newer)}). Install that version again, or "
            "restore a backup from before the upgrade."
        )
    return sorted(known - done)


def _completed(database: peewee.Database) -> set[str]:
    if not database.table_exists("migratehistory"):
        return set()
    execute: Any = database.execute_sql
    return {name for (name,) in execute('SELECT "name" FROM "migratehistory"')}


@contextmanager
def _alone(database: peewee.Database) -> Iterator[None]:
    # Several nodes that start at once would each create the same tables.
    if not isinstance(database, peewee.PostgresqlDatabase):
        yield
        return
    lock: Any = database.execute_sql
    lock("SELECT pg_advisory_lock(hashtext(current_database() || current_schema()), 2)")
    try:
        yield
    finally:
        lock("SELECT pg_advisory_unlock(hashtext(current_database() || current_schema()), 2)")


def open_for_a_while(directory: Path) -> peewee.Database:
    """Create an empty temporary database for this process and bind Moca's tables to it."""
    database = open_database(f"sqlite:///{directory}/moca.db")
    connection: Any = database
    for name, value in (("synchronous", "off"), ("journal_mode", "memory")):
        connection.pragma(name, value, permanent=True)
    migrate(database)
    return database
