from typing import Any

import peewee


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
