from pathlib import Path
from typing import Any

import peewee

from moca.storage.copy_database import Progress, move
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate


def take_snapshot(database: peewee.Database, target: Path, progress: Progress) -> None:
    """Copy what is committed at this instant into a new SQLite file, while others go on writing."""
    source: Any = database
    if isinstance(database, peewee.SqliteDatabase):
        source.execute_sql("VACUUM INTO ?", (str(target),))
        return
    copy = open_database(f"sqlite:///{target}")
    migrate(copy)
    with copy.connection_context(), source.atomic("REPEATABLE READ"):
        move(database, copy, progress)
