from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from moca.web.uploads.body import not_stored

T = TypeVar("T")


class SpooledFile:
    """A file of a form, on the disk until it is closed.

    A disk that becomes full fails the first read, not the write: the form's other fields are then
    known, and what was written in them can be shown again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._error: OSError | None = None

    def write(self, piece: bytes) -> int:
        """Write a piece, or drop it if the file could not be written before."""
        return self._try(lambda: self._file.write(piece), len(piece))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Return the new position."""
        return self._try(lambda: self._file.seek(offset, whence), 0)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Raises:
            Problem: 507 if the file could not be written.
        """
        if self._error is not None:
            raise not_stored(self._error)
        return self._file.read(size)

    def close(self) -> None:
        """Delete the file."""
        # What is buffered of a file that could not be written cannot be written now either.
        with suppress(OSError):
            self._file.close()

    def _try(self, call: Callable[[], T], otherwise: T) -> T:
        if self._error is not None:
            return otherwise
        try:
            return call()
        except OSError as error:
            self._error = error
            self.close()
            return otherwise
