import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import peewee

from moca.storage.instant import InstantField

# Peewee builds a query's SQL anew each time it runs, at many times the database's own cost. And
# for each row that SQLite returns the interpreter's lock is let go and waited for again, so
# everything comes as one.

_THE_VALUES = object()
_CONVERTED = (InstantField, peewee.BooleanField)


class _Compiled(NamedTuple):
    sql: str
    values: tuple[Any, ...]
    converters: list[tuple[int, Callable[[Any], Any]]]


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
        self._hold = tuple(hold)
        self._compiled: dict[type, _Compiled] = {}

    def among(self, values: Iterable[Any]) -> list[list[Any]]:
        """Read the rows whose column has one of these values."""
        chosen = list(values)
        if not chosen:
            return []
        database = self._column.model._meta.database  # noqa: SLF001
        compiled = self._compiled.get(type(database))
        if compiled is None:
            compiled = self._compiled[type(database)] = self._compile(database)
        rows = _rows(database, compiled, chosen)
        for position, convert in compiled.converters:
            for row in rows:
                row[position] = convert(row[position])
        return rows

    def _compile(self, database: Any) -> _Compiled:
        is_sqlite = isinstance(database, peewee.SqliteDatabase)
        test = "IN (SELECT value FROM json_each(?))" if is_sqlite else "= ANY(%s)"
        among = peewee.NodeList((self._column, peewee.SQL(test, (_THE_VALUES,))))
        query = self._query().where(among)
        if self._hold and database.for_update:
            query = query.for_update(of=self._hold)
        columns = query.selected_columns
        converters = [
            (position, column.python_value)
            for position, column in enumerate(columns)
            if isinstance(column, _CONVERTED)
        ]
        if is_sqlite:
            query = query.select(*(column.alias(f"c{n}") for n, column in enumerate(columns)))
        sql, values = database.get_sql_context().parse(query)
        if is_sqlite:
            names = ", ".join(f'"c{n}"' for n in range(len(columns)))
            sql = f"SELECT json_group_array(json_array({names})) FROM ({sql})"  # noqa: S608
        return _Compiled(sql, tuple(values), converters)


def _rows(database: Any, compiled: _Compiled, chosen: list[Any]) -> list[list[Any]]:
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    among: Any = json.dumps(chosen) if is_sqlite else chosen
    values = [among if each is _THE_VALUES else each for each in compiled.values]
    cursor = database.execute_sql(compiled.sql, values)
    if is_sqlite:
        rows: list[list[Any]] = json.loads(cursor.fetchone()[0])
        return rows
    return [list(row) for row in cursor.fetchall()]
