import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import peewee
from peewee_migrate import Router

from moca.storage.schema import TABLES

_MIGRATIONS = Path(__file__).parent / "migrations"

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "cache_size": -65536,  # KiB
    "mmap_size": 268435456,
    "temp_store": "memory",
    "wal_autocheckpoint": 4000,
}

_TO_READ = {"query_only": 1, "busy_timeout": 5000, "cache_size": -65536}


def open_database(url: str) -> peewee.Database:
    """Bind Moca's tables to the database at this address; connects on first use, once a thread.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`.

    Raises:
        ValueError: the address is of another kind.
    """
    database = _database(url)
    database.bind(TABLES, bind_refs=False, bind_backrefs=False)
    return database


def open_to_read(url: str) -> peewee.Database:
    """Connect this thread to a database, which refuses it every write; binds no table to it.

    Raises:
        ValueError: the address is of another kind.
        peewee.OperationalError: there is no such database.
    """
    database: Any = _database(url)
    if isinstance(database, peewee.SqliteDatabase):
        file = f"file:{quote(str(database.database))}?mode=ro"
        database = peewee.SqliteDatabase(file, uri=True, pragmas=_TO_READ, timeout=5)
        database.connect()
    else:
        database.connect()
        database.execute_sql("SET default_transaction_read_only = on")
    return database  # type: ignore[no-any-return]


def open_for_a_while(directory: Path) -> peewee.Database:
    """Make an empty database that nobody needs after this process; binds Moca's tables to it."""
    database: Any = open_database(f"sqlite:///{directory}/moca.db")
    for name in ("synchronous", "journal_mode"):
        database.pragma(name, "off", permanent=True)
    migrate(database)
    return database  # type: ignore[no-any-return]


def migrate(database: peewee.Database) -> None:
    """Bring the schema up to date; each migration is one transaction, those done are skipped."""
    quiet = logging.getLogger("moca.storage.migrations")
    with database.connection_context():
        Router(database, migrate_dir=_MIGRATIONS, logger=quiet).run()


def _database(url: str) -> peewee.Database:
    address = urlsplit(url)
    if address.scheme == "sqlite" and not address.netloc and len(address.path) > 1:
        path = unquote(address.path.removeprefix("/"))
        return peewee.SqliteDatabase(path, pragmas=_PRAGMAS, lock_type="IMMEDIATE", timeout=5)
    if address.scheme in ("postgresql", "postgres") and len(address.path) > 1:
        return peewee.PostgresqlDatabase(url, prefer_psycopg3=True)
    raise ValueError(
        "a database's address reads sqlite:///path/to/file.db or postgresql://user@host/name"
    )
