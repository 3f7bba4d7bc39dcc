import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import peewee

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def _microseconds(instant: datetime) -> int:
    # A commit writes each of its instants in several columns.
    return (instant - EPOCH) // _MICROSECOND


class InstantField(peewee.BigIntegerField):
    """An aware UTC instant, stored as whole microseconds since 1970: exact and sortable."""

    def db_value(self, value: datetime | None) -> int | None:
        """Convert an aware instant to microseconds; None stays None."""
        return None if value is None else _microseconds(value)

    def python_value(self, value: int | None) -> datetime | None:
        """Convert microseconds to an aware UTC instant; None stays None."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


_COMPRESSED = b"\0"
"""No JSON begins with it, so rows from before compression are told apart."""
_FASTEST = 1


class CompressedField(peewee.BlobField):
    """JSON as bytes, stored compressed where that is shorter."""

    def db_value(self, value: bytes) -> Any:
        """Return the bytes to store."""
        packed = _COMPRESSED + zlib.compress(value, _FASTEST)
        is_kept = len(value) <= len(packed) and not value.startswith(_COMPRESSED)
        adapt: Any = super().db_value
        return adapt(value if is_kept else packed)

    def python_value(self, value: Any) -> bytes:
        """Return the bytes as they were before."""
        stored = bytes(value)
        return zlib.decompress(stored[1:]) if stored.startswith(_COMPRESSED) else stored


class IdentityField(peewee.BigAutoField):
    """A primary key that is never reused, even after its row was deleted.

    A late command, for example for an erased contact, then finds no row instead of another one.
    """

    def ddl(self, ctx: Any) -> Any:
        """Return the column definition. PostgreSQL never reuses ids; SQLite needs AUTOINCREMENT."""
        column = super().ddl(ctx)
        if isinstance(self.model._meta.database, peewee.SqliteDatabase):  # noqa: SLF001
            column.nodes = (*column.nodes, peewee.SQL("AUTOINCREMENT"))
        return column


def storable(text: str) -> str:
    """Replace characters that a database refuses: NUL and unpaired surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def short(text: str, length: int = 255) -> str:
    """Truncate a text to the width of a column."""
    return storable(text)[:length]
