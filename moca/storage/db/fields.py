from datetime import UTC, datetime, timedelta
from typing import Any

import peewee

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class InstantField(peewee.BigIntegerField):
    """An aware UTC instant, stored as whole microseconds since 1970: exact, sortable."""

    def db_value(self, value: datetime | None) -> int | None:
        """Turn an aware instant into microseconds; None stays None."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def python_value(self, value: int | None) -> datetime | None:
        """Turn microseconds into an aware UTC instant; None stays None."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class IdentityField(peewee.BigAutoField):
    """A primary key that is never given out again, not even after its row was deleted.

    A command that comes late, for an erased contact say, then meets nothing instead of a stranger.
    """

    def ddl(self, ctx: Any) -> Any:
        """Describe the column; PostgreSQL's sequences never go back, SQLite must be told."""
        column = super().ddl(ctx)
        if isinstance(self.model._meta.database, peewee.SqliteDatabase):  # noqa: SLF001
            column.nodes = (*column.nodes, peewee.SQL("AUTOINCREMENT"))
        return column


def storable(text: str) -> str:
    """Replace what a database refuses: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def short(text: str, length: int = 255) -> str:
    """Make a text fit a column of this width."""
    return storable(text)[:length]
