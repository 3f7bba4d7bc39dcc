import contextlib
from pathlib import Path
from typing import Any

import peewee

_FILES_BESIDE = ("", "-wal", "-shm", "-journal", ".key", ".token")
_OTHERS = 0o077


def files_open_to_others(database: peewee.Database) -> tuple[Path, ...]:
    """Return the files of a SQLite database that users other than their owner may access."""
    if not isinstance(database, peewee.SqliteDatabase):
        return ()
    paths = [Path(f"{database.database}{suffix}") for suffix in _FILES_BESIDE]
    return tuple(path for path in paths if path.exists() and path.stat().st_mode & _OTHERS)


def restrict_to_owner(database: peewee.Database) -> None:
    """Take all other users' access to the files of a SQLite database, where they are ours.

    SQLite gives the files that it makes beside a database the database's own mode. What belongs
    to another user stays as it is; the doctor reports it.
    """
    for path in files_open_to_others(database):
        with contextlib.suppress(PermissionError):
            path.chmod(path.stat().st_mode & 0o777 & ~_OTHERS)


def truncate_log(database: peewee.Database) -> bool:
    """Empty the write-ahead log, which still holds the pages of rows that were deleted.

    Waits for nobody: where a reader still needs the log, returns False. Databases other than
    SQLite keep no log that we could empty: there it returns True. Call it outside transactions.
    """
    if not isinstance(database, peewee.SqliteDatabase):
        return True
    sqlite: Any = database
    patience = sqlite.pragma("busy_timeout")
    sqlite.pragma("busy_timeout", 0)
    try:
        ((is_busy, _, _),) = sqlite.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        sqlite.pragma("busy_timeout", patience)
    return not is_busy


class DatabaseFile:
    """The file behind a SQLite database, or nothing behind any other.

    SQLite goes on writing into a file that somebody deleted: what is committed there is lost at
    the end of the process.
    """

    def __init__(self, database: peewee.Database) -> None:
        is_sqlite = isinstance(database, peewee.SqliteDatabase)
        name = str(database.database) if is_sqlite else ":memory:"
        self._path = None if name.startswith((":memory:", "file:")) else Path(name)
        self._inode = self._look()

    def require(self) -> None:
        """Make sure that what is written now is in the file of that name.

        Raises:
            peewee.OperationalError: it is gone, or another one has taken its place; that one is
                used from the next time on.
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
