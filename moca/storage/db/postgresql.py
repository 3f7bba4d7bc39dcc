from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee

_AS_PEEWEE_ERRORS: Any = getattr(peewee, "__exception_wrapper__")  # noqa: B009
_NOT_KNOWN_YET = -1


class PostgresqlDatabase(peewee.PostgresqlDatabase):
    """A PostgreSQL database that can take statements faster than it answers them."""

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Send the block's statements without waiting, except where a result is read.

        A statement's error is raised at the latest at the end of the block, and ends the
        connection: in a pipeline that has failed, nothing can be rolled back otherwise.

        Raises:
            peewee.PeeweeException: a statement failed, not necessarily the last one.
        """
        database: Any = self
        try:
            with database.connection().pipeline():
                yield
        except peewee.PeeweeException:
            self.close()
            raise
        except BaseException:
            self.close()
            with _AS_PEEWEE_ERRORS:
                raise

    def rows_affected(self, cursor: Any) -> int:
        """Return how many rows a statement changed, for which its result must have come."""
        if cursor.rowcount == _NOT_KNOWN_YET:
            with cursor.connection.pipeline():
                pass  # The end of an inner pipeline waits for all results.
        return int(cursor.rowcount)
