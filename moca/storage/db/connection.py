import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import peewee

from moca.storage.db.schema import TABLES

UNAVAILABLE = (peewee.OperationalError, peewee.InterfaceError, OSError)
"""What is raised while a database cannot be reached, read or written."""

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "secure_delete": 1,  # Erased data must not stay in free pages.
    "busy_timeout": 5000,
    "cache_size": -65536,  # KiB
    "mmap_size": 268435456,
    "temp_store": "memory",
    "wal_autocheckpoint": 4000,
}

_TO_READ = {"query_only": 1, "busy_timeout": 5000, "cache_size": -65536}


def open_database(url: str) -> peewee.Database:
    """Bind Moca's tables to the database at this URL. Each thread connects on first use.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`.

    Raises:
        ValueError: the URL names a database of another kind.
    """
    database = _database(url)
    database.bind(TABLES, bind_refs=False, bind_backrefs=False)
    return database


def open_to_read(url: str) -> peewee.Database:
    """Connect this thread to a database in read-only mode, without binding tables to it.

    Raises:
        ValueError: the URL names a database of another kind.
        peewee.OperationalError: there is no such database.
    """
    database = _database(url)
    if isinstance(database, peewee.SqliteDatabase):
        file = f"file:{quote(str(database.database))}?mode=ro"
        database = peewee.SqliteDatabase(file, uri=True, pragmas=_TO_READ, timeout=5)
    connection: Any = database
    connection.connect()
    if not isinstance(database, peewee.SqliteDatabase):
        connection.execute_sql("SET default_transaction_read_only = on")
    return database


def _database(url: str) -> peewee.Database:
    address = urlsplit(url)
    if address.scheme == "sqlite" and not address.netloc and len(address.path) > 1:
        path = unquote(address.path.removeprefix("/"))
        return peewee.SqliteDatabase(path, pragmas=_PRAGMAS, lock_type="IMMEDIATE", timeout=5)
    if address.scheme in ("postgresql", "postgres") and len(address.path) > 1:
        return peewee.PostgresqlDatabase(url, prefer_psycopg3=True)
    raise ValueError(
        "a database URL looks like sqlite:///path/to/file.db or postgresql://user@host/name"
    )


_FILES_BESIDE = ("", "-wal", "-shm", "-journal", ".key", ".token")
_OTHERS = 0o077


def files_open_to_others(database: peewee.Database) -> tuple[Path, ...]:
    """Return the files of a SQLite database that users other than their owner may access."""
    if not isinstance(database, peewee.SqliteDatabase):
        return ()
    paths = [Path(f"{database.database}{suffix}") for suffix in _FILES_BESIDE]
    return tuple(path for path in paths if path.exists() and path.stat().st_mode & _OTHERS)


def restrict_to_owner(database: peewee.Database) -> None:
    """Remove all other users' access to the files of a SQLite database, if this user owns them.

    SQLite gives files that it creates beside a database the database's own mode. Files of another
    user stay unchanged; the doctor reports them.
    """
    for path in files_open_to_others(database):
        with contextlib.suppress(PermissionError):
            path.chmod(path.stat().st_mode & 0o777 & ~_OTHERS)


def truncate_log(database: peewee.Database) -> bool:
    """Empty the write-ahead log, which still holds the pages of deleted rows.

    Does not wait: returns False if a reader still needs the log. Databases other than SQLite have
    no log to be emptied; for them it returns True. Call it outside transactions.
    """
    if not isinstance(database, peewee.SqliteDatabase):
        return True
    sqlite: Any = database
    busy_timeout = sqlite.pragma("busy_timeout")
    sqlite.pragma("busy_timeout", 0)
    try:
        ((is_busy, _, _),) = sqlite.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        sqlite.pragma("busy_timeout", busy_timeout)
    return not is_busy


class DatabaseFile:
    """The file of a SQLite database, or nothing for any other database.

    SQLite keeps writing to a file that was deleted: what is committed there is lost when the
    process ends.
    """

    def __init__(self, database: peewee.Database) -> None:
        is_sqlite = isinstance(database, peewee.SqliteDatabase)
        name = str(database.database) if is_sqlite else ":memory:"
        self._path = None if name.startswith((":memory:", "file:")) else Path(name)
        self._inode = self._look()

    def require(self) -> None:
        """Check that writes go to the file of that name.

        Raises:
            peewee.OperationalError: it was deleted or replaced; a replacement is used from the next
                call on.
        """
        if self._path is None:
            return
        inode = self._look()
        known, self._inode = self._inode, inode or self._inode
        if inode is not None and known in (None, inode):
            return
        raise peewee.OperationalError("the database file was deleted or replaced")

    def _look(self) -> int | None:
        try:
            return self._path.stat().st_ino if self._path else None
        except FileNotFoundError:
            return None
