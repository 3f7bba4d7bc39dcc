from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import peewee

from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate

_SQLITE = "sqlite:///"


class SqlCursor(Protocol):
    """What SQLite's and PostgreSQL's cursors have in common."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


SqlParams = Sequence[object] | Mapping[str, object]


class RunSql(Protocol):
    """Runs a statement on a database."""

    def __call__(self, sql: str, params: SqlParams = ()) -> SqlCursor: ...


def runs_sql(database: peewee.Database) -> RunSql:
    """Return what runs statements on a database; in Peewee's stubs it has no type."""
    run: RunSql = database.execute_sql
    return run


def run_sql(database: peewee.Database, sql: str, params: SqlParams = ()) -> SqlCursor:
    """Run a statement on a database."""
    return runs_sql(database)(sql, params)


@contextmanager
def recorded_sql(database: peewee.Database) -> Iterator[list[tuple[str, SqlParams]]]:
    """Record the statements that are run on a database within the block."""
    run = runs_sql(database)
    statements: list[tuple[str, SqlParams]] = []

    def record(sql: str, params: SqlParams = ()) -> SqlCursor:
        statements.append((sql, params))
        return run(sql, params)

    opened: Any = database
    opened.execute_sql = record
    try:
        yield statements
    finally:
        del opened.execute_sql


def query_plan(database: peewee.Database, sql: str, params: SqlParams) -> list[str]:
    """Return the steps of SQLite's plan for a statement."""
    return [row[-1] for row in run_sql(database, f"EXPLAIN QUERY PLAN {sql}", params)]


def open_migrated(path: Path) -> peewee.Database:
    """Create a temporary database with every table in this folder."""
    return open_for_a_test(copy_migrated(path))


def copy_migrated(path: Path) -> str:
    """Copy a database with every table into this folder, far faster than creating it.

    Returns:
        Its URL.
    """
    file = path / "moca.db"
    file.write_bytes(_template())
    return f"{_SQLITE}{file}"


def open_for_a_test(url: str) -> peewee.Database:
    """Open a database without waiting for the disk: a test need not survive a power cut."""
    database = open_database(url)
    if isinstance(database, peewee.SqliteDatabase):
        database.pragma("synchronous", 0, permanent=True)
        database.close()
    return database


@cache
def _template() -> bytes:
    with TemporaryDirectory() as place:
        file = Path(place) / "moca.db"
        database = open_database(f"{_SQLITE}{file}")
        migrate(database)
        database.close()
        return file.read_bytes()
