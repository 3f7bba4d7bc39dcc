from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import peewee

from moca.storage.database import migrate, open_database

_SQLITE = "sqlite:///"


def open_migrated(url: str) -> peewee.Database:
    """Open a new database with every table; SQLite's is copied, which is far quicker than made."""
    if url.startswith(_SQLITE):
        Path(url.removeprefix(_SQLITE)).write_bytes(_template())
        return open_database(url)
    database = open_database(url)
    migrate(database)
    return database


@cache
def _template() -> bytes:
    with TemporaryDirectory() as place:
        file = Path(place) / "moca.db"
        database = open_database(f"{_SQLITE}{file}")
        migrate(database)
        database.close()
        return file.read_bytes()
