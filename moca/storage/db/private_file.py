import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


def path_beside(database_url: str, suffix: str) -> Path | None:
    """Return the path of a file beside a SQLite database; None for any other database."""
    address = urlsplit(database_url)
    if address.scheme != "sqlite":
        return None
    return Path(unquote(address.path.removeprefix("/")) + suffix)


def create_private(path: Path, content: bytes) -> bytes:
    """Create a file that only its owner can read, unless it exists, and return its content.

    Raises:
        OSError: it can be neither created nor read.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return content
