import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import peewee

from moca import clock
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.db.tables import Webhook
from moca.storage.db.upgrade import migrate

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DO = "check database.url and its permissions"


def problem_of(database: peewee.Database) -> str | None:
    """Return the problem of a database and its fix; None if it is sound and writable."""
    try:
        _migrate_unless_in_use(database)
        with database.connection_context():
            _write_and_take_back(database)
            result = _quick_check(database)
            is_forgetful = _may_forget_commits(database)
    except (peewee.PeeweeException, OSError, ValueError) as error:
        return f"cannot be used ({type(error).__name__}): {_DO}"
    if is_forgetful:
        return (
            "acknowledged webhooks may be lost if the server crashes: set synchronous_commit = on"
        )
    return None if result == "ok" else "the file is damaged: stop Moca and restore a backup"


def free_bytes(database: peewee.Database) -> int | None:
    """Return the free bytes on a SQLite database's disk; None for others, or before it exists."""
    if not isinstance(database, peewee.SqliteDatabase):
        return None
    directory = Path(str(database.database)).resolve().parent
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None


def _migrate_unless_in_use(database: peewee.Database) -> None:
    is_file = isinstance(database, peewee.SqliteDatabase)
    url = f"sqlite:///{quote(str(database.database))}" if is_file else ""
    # The schema of a service's database is managed by that service alone.
    with contextlib.suppress(DatabaseInUse), own_database(url, clock.now(), patience_seconds=0):
        migrate(database)


def _write_and_take_back(database: peewee.Database) -> None:
    with database.atomic() as transaction:
        Webhook.insert(received_at=_LONG_AGO, body=b"").execute()
        transaction.rollback()


def _may_forget_commits(database: peewee.Database) -> bool:
    if not isinstance(database, peewee.PostgresqlDatabase):
        return False
    postgresql: Any = database
    ((mode,),) = postgresql.execute_sql("SHOW synchronous_commit").fetchall()
    return bool(mode == "off")


def _quick_check(database: peewee.Database) -> str:
    if not isinstance(database, peewee.SqliteDatabase):
        return "ok"
    sqlite: Any = database
    ((result,),) = sqlite.execute_sql("PRAGMA quick_check(1)").fetchall()
    return str(result)
