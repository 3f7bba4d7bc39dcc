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
"""A worker of a killed service may outlive it by a moment."""
_PAUSE_SECONDS = 0.05


class DatabaseInUse(Exception):  # noqa: N818 - the name states the error
    """Raised if another process has locked the database file; names that process."""


def own_database(
    url: str, now: datetime, *, patience_seconds: float = _PATIENCE_SECONDS
) -> AbstractContextManager[object]:
    """Lock a SQLite file for this process and its forks, until the result is closed.

    The operating system releases the lock when the last of them ends, for whatever reason. Other
    databases are not locked.

    Raises:
        DatabaseInUse: another process holds the lock.
        OSError: the lock file beside the database cannot be created or locked.
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
    # The same name for every link to the file.
    return Path(os.path.realpath(name) + ".lock")
