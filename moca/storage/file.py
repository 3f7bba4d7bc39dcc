from pathlib import Path

import peewee


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
