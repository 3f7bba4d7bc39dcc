import json
from collections.abc import Callable, Iterable
from typing import Any

import peewee

from moca.storage.prepared import Prepared


class Selection:
    """Reads the rows whose column has one of some values, by SQL that is built once.

    Args:
        query: makes the query, without that condition; its columns are texts, whole numbers,
            instants or truth values.
        column: the one that is compared.
        hold: tables whose rows are kept from other writers until the commit.
    """

    def __init__(
        self, query: Callable[[], Any], column: Any, *, hold: Iterable[type[peewee.Model]] = ()
    ) -> None:
        self._query = query
        self._column = column
        self._prepared = Prepared(column.model, self._among, hold=hold)

    def among(self, values: Iterable[Any]) -> list[list[Any]]:
        """Read the rows whose column has one of these values."""
        chosen = list(values)
        if not chosen:
            return []
        return self._prepared.rows(json.dumps(chosen) if self._is_sqlite() else chosen)

    def _among(self, place: peewee.Node) -> Any:
        before, after = (
            ("IN (SELECT value FROM json_each(", "))") if self._is_sqlite() else ("= ANY(", ")")
        )
        test = (self._column, peewee.SQL(before), place, peewee.SQL(after))
        return self._query().where(peewee.NodeList(test))

    def _is_sqlite(self) -> bool:
        return isinstance(self._column.model._meta.database, peewee.SqliteDatabase)  # noqa: SLF001
