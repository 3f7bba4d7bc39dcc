import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import peewee

from moca.storage.db.fields import InstantField

# Peewee builds a query's SQL again on each call, which costs many times the query itself. And for
# each row that SQLite returns, the GIL is released and acquired again, so all rows come as one.

_CONVERTED = (InstantField, peewee.BooleanField)
_INSTANT = InstantField()


class _Place(NamedTuple):
    number: int


class _Compiled(NamedTuple):
    sql: str
    values: tuple[Any, ...]
    converters: list[tuple[int, Callable[[Any], Any]]]

    def given(self, values: tuple[Any, ...]) -> list[Any]:
        return [values[each.number] if isinstance(each, _Place) else each for each in self.values]


class Prepared:
    """A query whose SQL is built once for each kind of database.

    Args:
        model: the table of the query, bound to the database to be read.
        query: returns the query from one node for each variable value; its columns are texts,
            integers, instants or booleans.
        hold: tables whose rows are locked against other writers until the commit.
    """

    def __init__(
        self,
        model: type[peewee.Model],
        query: Callable[..., Any],
        *,
        hold: Iterable[type[peewee.Model]] = (),
    ) -> None:
        self._model = model
        self._query = query
        self._hold = tuple(hold)
        self._compiled: dict[type, _Compiled] = {}

    def rows(self, *values: Any) -> list[list[Any]]:
        """Return the rows for these values: texts, numbers, instants or other driver types."""
        database = self._model._meta.database  # noqa: SLF001
        compiled = self._compiled.get(type(database))
        if compiled is None:
            compiled = self._compiled[type(database)] = self._compile(database, len(values))
        stored = tuple(_INSTANT.db_value(v) if isinstance(v, datetime) else v for v in values)
        rows = _rows(database, compiled.sql, compiled.given(stored))
        for position, convert in compiled.converters:
            for row in rows:
                row[position] = convert(row[position])
        return rows

    def _compile(self, database: Any, values: int) -> _Compiled:
        places = (peewee.SQL(database.param, (_Place(number),)) for number in range(values))
        query = self._query(*places)
        if self._hold and database.for_update:
            query = query.for_update(of=self._hold)
        columns = query.selected_columns
        converters = [
            (position, column.python_value)
            for position, column in enumerate(columns)
            if isinstance(column, _CONVERTED)
        ]
        is_sqlite = isinstance(database, peewee.SqliteDatabase)
        if is_sqlite:
            query = query.select(*(column.alias(f"c{n}") for n, column in enumerate(columns)))
        sql, built_in = database.get_sql_context().parse(query)
        if is_sqlite:
            names = ", ".join(f'"c{n}"' for n in range(len(columns)))
            sql = f"SELECT json_group_array(json_array({names})) FROM ({sql})"  # noqa: S608
        return _Compiled(sql, tuple(built_in), converters)


def _rows(database: Any, sql: str, values: list[Any]) -> list[list[Any]]:
    cursor = database.execute_sql(sql, values)
    if isinstance(database, peewee.SqliteDatabase):
        rows: list[list[Any]] = json.loads(cursor.fetchone()[0])
        return rows
    return [list(row) for row in cursor.fetchall()]


def is_among(column: Any, values: Iterable[Any]) -> Any:
    """Return the condition that a column has one of many values, given as one parameter."""
    chosen = list(values)
    stored = json.dumps(chosen) if _is_on_sqlite(column) else chosen
    return _among(column, peewee.SQL(column.model._meta.database.param, (stored,)))  # noqa: SLF001


def _among(column: Any, place: peewee.Node) -> Any:
    is_sqlite = _is_on_sqlite(column)
    before, after = ("IN (SELECT value FROM json_each(", "))") if is_sqlite else ("= ANY(", ")")
    return peewee.NodeList((column, peewee.SQL(before), place, peewee.SQL(after)))


def _is_on_sqlite(column: Any) -> bool:
    return isinstance(column.model._meta.database, peewee.SqliteDatabase)  # noqa: SLF001


class Selection:
    """Reads the rows whose column has one of some values, with SQL that is built once.

    Args:
        query: returns the query without that condition, from one node for each other variable
            value; its columns are texts, integers, instants or booleans.
        column: the column to compare.
        hold: tables whose rows are locked against other writers until the commit.
    """

    def __init__(
        self, query: Callable[..., Any], column: Any, *, hold: Iterable[type[peewee.Model]] = ()
    ) -> None:
        self._query = query
        self._column = column
        self._prepared = Prepared(column.model, self._among, hold=hold)

    def among(self, values: Iterable[Any], *others: Any) -> list[list[Any]]:
        """Return the rows whose column has one of these values, for the other variable values."""
        chosen = list(values)
        if not chosen:
            return []
        stored = json.dumps(chosen) if _is_on_sqlite(self._column) else chosen
        return self._prepared.rows(stored, *others)

    def _among(self, place: peewee.Node, *others: peewee.Node) -> Any:
        return self._query(*others).where(_among(self._column, place))
