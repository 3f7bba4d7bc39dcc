import logging
from pathlib import Path
from urllib.parse import unquote, urlsplit

import peewee
from peewee_migrate import Router

from moca.storage.models import TABLES

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
