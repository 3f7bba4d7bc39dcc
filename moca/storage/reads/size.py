from pathlib import Path
from typing import Any

import peewee


def database_bytes(database: peewee.Database) -> tuple[int | None, int | None]:
    """Tell how large a connected database is, and what waits in SQLite's log; None if unknown."""
    if isinstance(database, peewee.SqliteDatabase):
        path = str(database.database)
        return _length(path), _length(f"{path}-wal") or 0
    connected: Any = database
    ((size,),) = connected.execute_sql("SELECT pg_database_size(current_database())").fetchall()
    return int(size), None


def _length(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None
