import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from shutil import copy2, copyfileobj, move
from typing import IO

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_PIECE_BYTES = 1024 * 1024
_NAME_BYTES = 16
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_disk_full(error: OSError) -> bool:
    """Return whether a write failed for want of space."""
    return error.errno in _FULL


class UploadFolder:
    """The folder of files that operators attach, each under a name of its own.

    Only its owner can read it. Nodes of a cluster share it. Thread-safe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def made(self) -> Path:
        """Create the folder unless it exists, and return its path.

        Raises:
            OSError: it cannot be created.
        """
        self.path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        return self.path

    def store(self, content: IO[bytes], at: datetime) -> str:
        """Write a file from a stream's position to its end, and return its name.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        name = secrets.token_hex(_NAME_BYTES)
        path = self.made() / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                copyfileobj(content, file, _PIECE_BYTES)
                file.flush()
                os.fsync(file.fileno())
            # By Moca's clock, which decides when an unused file goes.
            os.utime(path, (at.timestamp(), at.timestamp()))
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return name

    def copy(self, name: str, at: datetime) -> str:
        """Store a file's content once more, and return the copy's name.

        Raises:
            OSError: it cannot be read or written.
        """
        with self.file(name).open("rb") as content:
            return self.store(content, at)

    def file(self, name: str) -> Path:
        """Return the path of a file that `store` named; it may be gone."""
        return self.path / name

    def delete(self, names: Iterable[str]) -> None:
        """Delete files, some of which may be gone.

        Raises:
            OSError: one cannot be deleted.
        """
        for name in names:
            self.file(name).unlink(missing_ok=True)

    def link_all(self, target: Path) -> list[str]:
        """Link or copy every file into a new folder, and return their names.

        Raises:
            OSError: one cannot be read or written.
        """
        target.mkdir(mode=_FOLDER_MODE)
        names = sorted(path.name for path in self.path.glob("*") if path.is_file())
        return [name for name in names if _linked(self.file(name), target / name)]

    def take_in(self, source: Path) -> None:
        """Move every file of another folder into this one.

        Raises:
            OSError: one cannot be moved.
        """
        for path in source.iterdir():
            move(path, self.made() / path.name)

    def older_than(self, instant: datetime) -> Iterator[str]:
        """Yield the names of files that were stored before an instant."""
        if not self.path.is_dir():
            return
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and _stored_before(entry, instant):
                    yield entry.name


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:  # Deleted meanwhile, with its message.
        return False
    except OSError:  # On another disk, or one without links.
        try:
            copy2(source, target)
        except FileNotFoundError:
            return False
    return True


def _stored_before(entry: "os.DirEntry[str]", instant: datetime) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < instant.timestamp()
    except FileNotFoundError:  # Another node has just deleted it.
        return False
