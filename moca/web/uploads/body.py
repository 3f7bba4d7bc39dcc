import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

import structlog
from a2wsgi.asgi_typing import HTTPScope, Receive
from werkzeug.http import parse_options_header

from moca.core.content.uploads import MAX_UPLOAD_BYTES
from moca.uploads.folder import UploadFolder, is_disk_full
from moca.web.errors import RETRY_SECONDS, Problem
from moca.web.request_body import receive_piece

MAX_KEPT_BYTES = MAX_UPLOAD_BYTES + 1_000_000
"""Of a file and the form around it."""
MAX_READ_BYTES = 4 * MAX_KEPT_BYTES
"""What is read of a body that is too large, so that its sender sees the answer."""
MAX_UPLOADS_AT_ONCE = 8
PIECE_SECONDS = 15
UPLOAD_SECONDS = 300
DISK_FULL = "The disk is full, so the file was not stored. Free some space, then attach it again."

_MAX_FORM_BYTES = 1024 * 1024
"""What is kept where there is no folder, and so no file can be attached."""
_WRITE_BYTES = 256 * 1024
_PATHS = re.compile(rb"/(api/uploads|conversations/\d+/messages|saved-replies(/\d+)?)")
T = TypeVar("T")
_LOG = structlog.get_logger(__name__)
_NOT_STORED = "The file could not be stored. See Moca's log for details."
_SLOW = "The file did not arrive in time. Attach it again."


def not_stored(error: OSError) -> Problem:
    """Log why a file could not be written, and return what to answer."""
    _LOG.error("upload.not_stored", error=type(error).__name__, errno=error.errno)
    return Problem(507, DISK_FULL if is_disk_full(error) else _NOT_STORED)


def brings_file(scope: HTTPScope) -> bool:
    """Return whether a request is one of those that may bring a file."""
    is_form = _content_type(scope).startswith("multipart/form-data")
    return scope["method"] == "POST" and is_form and bool(_PATHS.fullmatch(scope["raw_path"]))


class UploadReader:
    """Reads request bodies into temporary files, a few at a time. For the server's loop only.

    Args:
        folder: The files are in it, but have no name there; None for the system's own place.
        threads: Write the files, which may take long.
    """

    def __init__(self, folder: UploadFolder | None, threads: Executor) -> None:
        self._folder = folder
        self._threads = threads
        self._max_kept_bytes = MAX_KEPT_BYTES if folder else _MAX_FORM_BYTES
        self._count = 0

    @property
    def place(self) -> Path | None:
        """Return the folder of temporary files, None for the system's own place."""
        return None if self._folder is None else self._folder.path

    @asynccontextmanager
    async def read(self, receive: Receive, scope: HTTPScope) -> AsyncIterator[IO[bytes]]:
        """Read a whole body, of which the end is cut off if it is too large for any file.

        Raises:
            Problem: 400 if the client left early; 408 if it was too slow; 413 if it goes on and on;
                503 if too many files arrive already; 507 if the disk is full.
        """
        if self._count >= MAX_UPLOADS_AT_ONCE:
            because = "Too many files are arriving. Attach it again in a moment."
            raise Problem(503, because, retry_after_seconds=RETRY_SECONDS)
        self._count += 1
        try:
            with await self._run(self._open) as file:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await self._fill(file, receive, _boundary(scope))
                yield file
        except TimeoutError:
            raise Problem(408, _SLOW) from None
        except OSError as error:
            raise not_stored(error) from None
        finally:
            self._count -= 1

    async def _fill(self, file: IO[bytes], receive: Receive, boundary: bytes) -> None:
        read, gathered, is_last = 0, bytearray(), False
        while not is_last:
            async with asyncio.timeout(PIECE_SECONDS):
                piece, is_last = await receive_piece(receive)
            gathered += piece[: max(0, self._max_kept_bytes - read)]
            read += len(piece)
            if read > MAX_READ_BYTES:
                raise Problem(413, "The file is far too large. Instagram accepts up to 25 MB.")
            if len(gathered) >= _WRITE_BYTES:
                await self._run(file.write, bytes(gathered))
                gathered.clear()
        if read > self._max_kept_bytes:
            # The fields before the file can still be read, and the file is found to be too large.
            gathered += b"\r\n--" + boundary + b"--\r\n"
        await self._run(file.write, bytes(gathered))
        file.seek(0)

    def _open(self) -> IO[bytes]:
        place = None if self._folder is None else self._folder.made()
        return TemporaryFile(dir=place)

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _content_type(scope: HTTPScope) -> str:
    headers = scope["headers"]
    value = next((value for name, value in headers if name == b"content-type"), b"")
    return value.decode("latin1").lstrip().lower()


def _boundary(scope: HTTPScope) -> bytes:
    value = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    _, options = parse_options_header(value.decode("latin1"))
    return options.get("boundary", "").encode("latin1")
