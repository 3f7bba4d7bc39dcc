from contextlib import AbstractContextManager

from actors.cli.errors import complain
from moca import clock
from moca.settings.display import mask_passwords
from moca.storage.db.database_lock import DatabaseInUse, own_database


def require_ownership(url: str) -> AbstractContextManager[object]:
    """Lock the database until the result is closed; if another process holds it, end this one."""
    try:
        return own_database(url, clock.now())
    except DatabaseInUse as error:
        complain(1, f"database.url: {url}: {error}; stop that one, or name another database")
    except OSError as error:
        complain(1, mask_passwords(f"database.url: {url} cannot be used: {error}"))
