from collections.abc import Callable, Iterator, Sequence
from typing import Any

import peewee

from moca.storage.db.cluster_tables import Node, Seat
from moca.storage.db.metric_tables import QueueCount
from moca.storage.db.schema import TABLES
from moca.storage.db.search_tables import ChangedWords, SearchIndex
from moca.storage.db.tables import Table

_PORTION = 1000
_MADE_ANEW = (QueueCount, Node, Seat, SearchIndex, ChangedWords)
"""Filled by triggers or while Moca runs, or meaningless in another database."""

Progress = Callable[[str, int, int], None]
"""Called with a step and table, the number of rows done, and their total."""


class CopyDiffers(Exception):  # noqa: N818 - the name states the error
    """Raised if the copy differs from its source."""


def move(source: peewee.Database, target: peewee.Database, progress: Progress) -> None:
    """Copy the whole content of one database to another, whose tables must exist.

    Rows copied by an earlier call are skipped, so that an interrupted copy can be resumed. Nothing
    else may write to either database meanwhile. Finally, the rows are compared one by one.

    Raises:
        CopyDiffers: the target held other rows before, or something else wrote.
        peewee.PeeweeException: one of the databases refused a statement.
    """
    tables = [table for table in TABLES if table not in _MADE_ANEW]
    for table in tables:
        _copy(_Side(source, table), _Side(target, table), progress)
    for table in tables:
        _Side(target, table).link(_Side(source, table))
        _compare(_Side(source, table), _Side(target, table), progress)
        _Side(target, table).count_on()


def _copy(source: "_Side", target: "_Side", progress: Progress) -> None:
    after = target.last_key()
    rows, done = source.count(), target.count() if after else 0
    progress(f"copying {source.name}", done, rows)
    for portion in source.portions(after):
        target.add(portion)
        done += len(portion)
        progress(f"copying {source.name}", done, rows)


def _compare(source: "_Side", target: "_Side", progress: Progress) -> None:
    rows, done = source.count(), 0
    if target.count() != rows:
        raise CopyDiffers(
            f"{source.name}: {rows} rows, in the source, {target.count()} in the copy"
        )
    others = target.portions(None)
    for portion in source.portions(None):
        if sorted(map(repr, portion)) != sorted(map(repr, next(others, []))):
            raise CopyDiffers(f"{source.name}: rows {done + 1} to {done + len(portion)} differ")
        done += len(portion)
        progress(f"comparing {source.name}", done, rows)


class _Side:
    """One table in one of the two databases, as plain rows in the order of their keys."""

    def __init__(self, database: peewee.Database, table: type[Table]) -> None:
        meta: Any = table._meta  # noqa: SLF001
        self._run: Any = database.execute_sql
        self._cursor: Any = database.cursor
        self._database = database
        self._is_postgresql = isinstance(database, peewee.PostgresqlDatabase)
        self._mark = "%s" if self._is_postgresql else "?"
        self.name: str = meta.table_name
        fields = meta.sorted_fields
        self._columns = [field.column_name for field in fields]
        self._own_links = [
            field.column_name
            for field in fields
            if isinstance(field, peewee.ForeignKeyField) and field.rel_model is table
        ]
        self._truths = [isinstance(field, peewee.BooleanField) for field in fields]
        keys = meta.get_primary_keys()
        self._keys = [field.column_name for field in keys]
        self._numbers_rows = isinstance(keys[0], peewee.AutoField | peewee.BigAutoField)

    def count(self) -> int:
        """Return the number of rows."""
        return int(self._run(f'SELECT COUNT(*) FROM "{self.name}"').fetchone()[0])  # noqa: S608

    def last_key(self) -> tuple[Any, ...] | None:
        """Return the key of the last row; None if there is none, or if keys are not numbers."""
        if not self._numbers_rows:
            return None
        (last,) = self._run(f'SELECT MAX("{self._keys[0]}") FROM "{self.name}"').fetchone()  # noqa: S608
        return None if last is None else (last,)

    def portions(self, after: tuple[Any, ...] | None) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows after a key in batches, in the order of their keys by code points."""
        order = ", ".join(map(self._ordered, self._keys))
        marks = ", ".join([self._mark] * len(self._keys))
        places = [self._columns.index(key) for key in self._keys]
        while True:
            since = "" if after is None else f"WHERE ({order}) > ({marks})"
            query = f'SELECT {_listed(self._columns)} FROM "{self.name}" {since}'  # noqa: S608
            found = self._run(f"{query} ORDER BY {order} LIMIT {_PORTION}", after or ())
            rows = [self._plain(row) for row in found.fetchall()]
            if not rows:
                return
            yield rows
            after = tuple(rows[-1][place] for place in places)

    def add(self, rows: list[tuple[object, ...]]) -> None:
        """Insert rows in one transaction, without links within the table, which `link` adds.

        Rows without a numeric key replace those with the same key: migrations create some.
        """
        blank = [column in self._own_links for column in self._columns]
        values = ", ".join([self._mark] * len(self._columns))
        query = f'INSERT INTO "{self.name}" ({_listed(self._columns)}) VALUES ({values})'  # noqa: S608
        if not self._numbers_rows:
            query += f" ON CONFLICT ({_listed(self._keys)}) {self._instead()}"
        self._run_each(
            query,
            [
                tuple(None if hide else v for v, hide in zip(row, blank, strict=True))
                for row in rows
            ],
        )

    def _run_each(self, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
        # In batches, so that a row does not wait for the server's answer to the previous one.
        with self._database.atomic():
            self._cursor().executemany(query, rows)

    def _instead(self) -> str:
        others = [column for column in self._columns if column not in self._keys]
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in others)
        return f"DO UPDATE SET {changes}" if others else "DO NOTHING"

    def link(self, source: "_Side") -> None:
        """Set the links between rows of this table as in the source."""
        key = self._keys[0]
        for column in self._own_links:
            wanted = f'SELECT "{column}", "{key}" FROM "{self.name}" WHERE "{column}" IS NOT NULL'  # noqa: S608
            update = (
                f'UPDATE "{self.name}" SET "{column}" = {self._mark} WHERE "{key}" = {self._mark}'  # noqa: S608
            )
            found = source._run(wanted)  # noqa: SLF001
            while rows := found.fetchmany(_PORTION):
                self._run_each(update, [tuple(row) for row in rows])

    def count_on(self) -> None:
        """Set the sequence of ids to continue after the copied rows."""
        if self._is_postgresql and self._numbers_rows:
            key = self._keys[0]
            after = f"""SELECT setval(pg_get_serial_sequence('"{self.name}"', '{key}'),
                COALESCE((SELECT MAX("{key}") FROM "{self.name}"), 0) + 1, false)"""  # noqa: S608
            self._run(after)

    def _ordered(self, column: str) -> str:
        is_text = not self._numbers_rows and self._is_postgresql
        return f'"{column}" COLLATE "C"' if is_text and self._is_word(column) else f'"{column}"'

    def _is_word(self, column: str) -> bool:
        query = """SELECT data_type FROM information_schema.columns WHERE table_name = %s
            AND column_name = %s AND table_schema = current_schema()"""
        return self._run(query, (self.name, column)).fetchone()[0] not in {"bigint", "integer"}

    def _plain(self, row: Any) -> tuple[Any, ...]:
        return tuple(
            _plain(value, is_truth) for value, is_truth in zip(row, self._truths, strict=True)
        )


def _plain(value: object, is_truth: bool) -> object:  # noqa: FBT001
    if is_truth and value is not None:
        return bool(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
