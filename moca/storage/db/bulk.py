from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from types import NoneType
from typing import Any, TypeVar

import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table

T = TypeVar("T")

_VARIABLES = 9000


def in_chunks(values: Iterable[T], width: int = 1) -> Iterator[tuple[T, ...]]:
    """Split rows of this many values into chunks that fit the variables of one statement."""
    rest = iter(values)
    while chunk := tuple(islice(rest, _VARIABLES // width)):
        yield chunk


def in_halving_chunks(rows: Sequence[T], width: int) -> Iterator[Sequence[T]]:
    """Split rows into chunks whose lengths are powers of two, the longest first.

    Statements then have only a few different lengths, and the database caches each of them.
    """
    start, longest = 0, _power_of_two(_VARIABLES // width)
    while start < len(rows):
        length = min(longest, _power_of_two(len(rows) - start))
        yield rows[start : start + length]
        start += length


def _power_of_two(most: int) -> int:
    return 1 << (most.bit_length() - 1)


# Peewee's insert_many builds its SQL again for each row, which costs many times the insert itself.


_AS_PEEWEE_ERRORS: Any = getattr(peewee, "__exception_wrapper__")  # noqa: B009

_Adapter = tuple[Callable[[Any], Any], type | None]
"""Converts a value for the database; values of the type are passed unchanged."""

_PLAIN: tuple[tuple[Any, type], ...] = (
    (InstantField, NoneType),
    (peewee.IntegerField, int),
    (peewee.ForeignKeyField, int),
)
_AS_IT_IS: _Adapter = (lambda value: value, int)


class Insertion:
    """Inserts many rows with the same columns in few statements."""

    def __init__(self, table: type[Table], *columns: Any) -> None:
        self._table = table
        self._adapters = tuple(map(_adapter, columns))
        names = ", ".join(f'"{column.column_name}"' for column in columns)
        self._head = f'INSERT INTO "{_name(table)}" ({names}) VALUES '  # noqa: S608
        self._row = f"({', '.join('?' * len(columns))})"

    def returning_ids(self, rows: Iterable[Sequence[Any]]) -> list[int]:
        """Insert the rows and return their ids, which ascend in the order of the rows."""
        ids: list[int] = []
        for sql, values, count in self._statements(rows):
            ids.extend(_inserted(_database(self._table), sql, values, count))
        return ids

    def quietly(self, rows: Iterable[Sequence[Any]]) -> None:
        """Insert the rows without returning their ids."""
        database = _database(self._table)
        for sql, values, _ in self._statements(rows):
            database.execute_sql(_dialect(database, sql), values)

    def _statements(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, list[Any], int]]:
        for chunk in in_halving_chunks(tuple(rows), len(self._adapters)):
            sql = self._head + ", ".join([self._row] * len(chunk))
            yield sql, list(chain.from_iterable(_adapted(self._adapters, chunk))), len(chunk)


class Update:
    """Updates many rows by id, each with its own values, if they still meet a condition."""

    def __init__(self, table: type[Table], *columns: Any, where: str = "") -> None:
        self._table = table
        self._adapters = tuple(map(_adapter, columns))
        changes = ", ".join(f'"{column.column_name}" = ?' for column in columns)
        condition = f" AND {where}" if where else ""
        self._sql = f'UPDATE "{_name(table)}" SET {changes} WHERE "id" = ?{condition}'  # noqa: S608

    def each(self, rows: Iterable[Sequence[Any]]) -> None:
        """Update the rows; each consists of the columns' values and the id."""
        _each(self._table, self._sql, list(_adapted((*self._adapters, _AS_IT_IS), tuple(rows))))


def _adapter(column: Any) -> _Adapter:
    if isinstance(column, peewee._StringField):  # noqa: SLF001
        return str, str  # An enum member costs the driver more than its text.
    plain = next((kind for field, kind in _PLAIN if isinstance(column, field)), None)
    return column.db_value, plain


def _adapted(
    adapters: Sequence[_Adapter], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[Any, ...]]:
    """Convert the rows' values for the database, column by column."""
    columns = zip(*rows, strict=True)
    return zip(
        *(
            [each if each is None or type(each) is plain else adapt(each) for each in column]
            for (adapt, plain), column in zip(adapters, columns, strict=bool(rows))
        ),
        strict=True,
    )


def _inserted(database: Any, sql: str, values: Sequence[Any], rows: int) -> Iterable[int]:
    # For each row that SQLite returns, the GIL is released and acquired again. Ids within one
    # statement are consecutive there, because nothing else writes meanwhile.
    if database.param == "?":
        last = database.execute_sql(sql, values).lastrowid
        return range(last - rows + 1, last + 1)
    cursor = database.execute_sql(_dialect(database, f'{sql} RETURNING "id"'), values)
    return sorted(row_id for (row_id,) in cursor.fetchall())


def _each(table: type[Table], sql: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    database = _database(table)
    with _AS_PEEWEE_ERRORS:
        database.cursor().executemany(_dialect(database, sql), rows)


def _dialect(database: peewee.Database, sql: str) -> str:
    return sql if database.param == "?" else sql.replace("?", database.param)


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)  # noqa: SLF001


def _database(table: type[Table]) -> Any:
    return table._meta.database  # noqa: SLF001
