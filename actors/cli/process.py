import ctypes
import os
import resource
import signal
import sys
from contextlib import AbstractContextManager

from actors.cli.errors import exit_with
from moca import clock
from moca.settings.display import mask_passwords
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.db.private_file import path_beside

_PR_SET_PDEATHSIG = 1


def die_with(parent_pid: int) -> None:
    """End this process as soon as its parent ends, for whatever reason.

    A killed server must not leave behind a worker that keeps sending while the next one starts.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


_MAX_CONNECTIONS = 4096
_OTHER_FILES = 1024
"""For databases, calls to Instagram and logs."""


def allow_connections() -> int:
    """Raise the soft limit of open files as far as needed.

    Returns:
        How many clients may be connected at a time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_CONNECTIONS + _OTHER_FILES
    if _is_below(soft, wanted):
        soft = hard if _is_below(hard, wanted) else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections_within(soft)


def connections_within(open_files: int) -> int:
    """Return how many clients may connect to a process with this limit of open files."""
    if not _is_below(open_files, _MAX_CONNECTIONS + _OTHER_FILES):
        return _MAX_CONNECTIONS
    return max(open_files // 2, open_files - _OTHER_FILES)


def _is_below(limit: int, wanted: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < wanted


def require_ownership(url: str) -> AbstractContextManager[object]:
    """Lock the database until the result is closed; exit if another process holds the lock."""
    try:
        return own_database(url, clock.now())
    except DatabaseInUse as error:
        exit_with(1, f"database.url: {url}: {error}; stop that process or use another database")
    except OSError as error:
        exit_with(1, mask_passwords(f"database.url: {url} cannot be used: {error}"))


def database_line(url: str) -> str:
    """Return the line printed at startup about a database that Moca has not opened yet.

    A file that does not exist yet is announced: Moca may be running in the wrong directory.
    """
    path = path_beside(url, "")
    if path is None:
        return f"Database: {mask_passwords(url)}"
    if path.exists():
        return f"Database: {path.absolute()}"
    return f"Database: {path.absolute()} (a new file; to use another, set database.url)"
