import time
from datetime import timedelta

import peewee

from moca.storage.queries.contacts import find_deletion

_POLL_SECONDS = 0.05


def wait_until_erased(code: str, database: peewee.Database, timeout: timedelta) -> bool:
    """Return whether an erasure is complete, or becomes so within the timeout."""
    for _ in range(int(timeout.total_seconds() / _POLL_SECONDS)):
        if _is_complete(code, database):
            return True
        time.sleep(_POLL_SECONDS)
    return _is_complete(code, database)


def _is_complete(code: str, database: peewee.Database) -> bool:
    with database.connection_context():
        found = find_deletion(code)
    return found is not None and found.completed_at is not None
