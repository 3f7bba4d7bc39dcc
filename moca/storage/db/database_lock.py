import errno
import fcntl
import os
import time
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from socket import gethostname
from typing import TextIO
from urllib.parse import unquote, urlsplit

_PATIENCE_SECONDS = 2.0
"""A killed service's worker may live for a moment longer than the service."""
_PAUSE_SECONDS = 0.05


class DatabaseInUse(Exception):  # noqa: N818 - it reads as what it is
    """Raised where another process owns the database file; says which."""


def own_database(
    url: str, now: datetime, *, patience_seconds: float = _PATIENCE_SECONDS
) -> AbstractContextManager[object]:
    """Lock a SQLite file for this process and those that it forks, until the result is closed.

    The operating system releases the lock when the last of them ends, however that happens. Any
    other database has no lock.

    Raises:
        DatabaseInUse: another process holds the lock.
        OSError: the file beside the database cannot be made or locked.
    """
    path = _path(url)
    if path is None:
        return nullcontext()
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", errors="replace")
    try:
        _lock(file, patience_seconds)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {gethostname()} since {now:%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def _lock(file: TextIO, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not _try_to_lock(file):
        if time.monotonic() >= deadline:
            owner = file.read(1000) or "another process"
            raise DatabaseInUse(f"the database is in use by {owner}")
        time.sleep(_PAUSE_SECONDS)


def _try_to_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return False
        raise
    return True


def _path(url: str) -> Path | None:
    address = urlsplit(url)
    name = unquote(address.path.removeprefix("/"))
    if address.scheme != "sqlite" or not name or name.startswith(":memory:"):
        return None
    # By one name, whichever link leads to it.
    return Path(os.path.realpath(name) + ".lock")
