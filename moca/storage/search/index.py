from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import peewee
from peewee import fn

from moca.core.content.search_words import search_words
from moca.core.messages.housekeeping import IndexWords, WordsIndexed
from moca.storage.db.rows import read_rows
from moca.storage.db.search_tables import ChangedWords, SearchIndex
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import Contact, Message
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_OLD_PER_NEW = 4
"""How many times as many old rows are indexed at once while no new ones come."""


class _Source(NamedTuple):
    name: str
    table: Any
    columns: tuple[Any, ...]


_SOURCES = (
    _Source("message", Message, (Message.text,)),
    _Source("contact", Contact, (Contact.name, Contact.username)),
)

_Row = tuple[int, str]


def _complete(source: _Source) -> Prepared:
    """Prepare the query for an index that lacks nothing: asked often, and mostly so."""
    highest = source.table.select(fn.COALESCE(fn.MAX(source.table.id), 0))
    changes = ChangedWords.select(ChangedWords.id).where(ChangedWords.name == source.name)
    is_complete = (
        (SearchIndex.first_id == 0)
        & (SearchIndex.last_id == SearchIndex.seen_id)
        & (SearchIndex.seen_id >= highest)
        & ~fn.EXISTS(changes)
    )
    which = SearchIndex.name == source.name
    return Prepared(
        SearchIndex, lambda: SearchIndex.select(SearchIndex.name).where(which, is_complete)
    )


_COMPLETE = {source.name: _complete(source) for source in _SOURCES}

_WRITERS = """SELECT min(xact_start), clock_timestamp()
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = to_regclass(%s) AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()"""


@handles(IndexWords)
def index_words(batch: Batch, commands: Sequence[IndexWords]) -> None:
    """Index a batch of what is new or has changed, and otherwise of what is old, newest first."""
    for command in commands:
        behind = [source for source in _SOURCES if not _COMPLETE[source.name].rows()]
        has_more = [_index(source, command.portion) for source in behind]
        percent = indexed_percent() if behind else 100
        batch.tell(WordsIndexed(has_more=any(has_more), percent=percent))


def indexed_percent() -> int:
    """Return how much of the messages so far can be found by a search."""
    index = SearchIndex.get_or_none(SearchIndex.name == "message")
    first = int(Message.select(fn.MIN(Message.id)).scalar() or 0)
    if index is None:
        return 0 if first else 100
    missing = max(index.first_id - first + 1, 0) if first else 0
    return 100 - -(-100 * missing // max(index.last_id - first + 1, missing, 1))


def _index(source: _Source, portion: int) -> bool:
    highest = int(source.table.select(fn.MAX(source.table.id)).scalar() or 0)
    index = SearchIndex.get_or_none(SearchIndex.name == source.name)
    writing_since, now = _writers(source)
    if index is None:
        SearchIndex.create(
            name=source.name, first_id=highest, last_id=highest, seen_id=highest, seen_at=now
        )
        return highest > 0
    if index.is_purging:
        return False
    if writing_since and index.seen_at and writing_since <= index.seen_at:
        return True
    changed, has_more_changed = _take_changed(source, index, portion)
    fresh = _rows(source, _between(source, index.last_id, index.seen_id), portion)
    old: Sequence[_Row] = ()
    if index.first_id and not fresh:
        up_to = source.table.id <= index.first_id
        old = _rows(source, up_to, portion * _OLD_PER_NEW, latest_first=True)
        index.first_id = old[-1][0] - 1 if old else 0
    _insert(source.name, [*changed, *reversed(old), *fresh])
    index.last_id = fresh[-1][0] if len(fresh) == portion else index.seen_id
    if highest > index.seen_id:
        index.seen_id, index.seen_at = highest, now
    if index.is_dirty():
        index.save()
    return bool(index.last_id < index.seen_id or index.first_id or has_more_changed)


def _between(source: _Source, after_id: int, until_id: int) -> Any:
    return (source.table.id > after_id) & (source.table.id <= until_id)


def _rows(source: _Source, which: Any, limit: int, *, latest_first: bool = False) -> Sequence[_Row]:
    row_id = source.table.id
    query = source.table.select(row_id, *source.columns).where(which).limit(limit)
    rows = read_rows(query.order_by(row_id.desc() if latest_first else row_id))
    return [(each, " ".join(filter(None, texts))) for each, *texts in rows]


def _take_changed(source: _Source, index: Any, portion: int) -> tuple[Sequence[_Row], bool]:
    """Return rows that have changed, and whether there may be more of them."""
    query = ChangedWords.select(ChangedWords.id, ChangedWords.row_id)
    noted = query.where(ChangedWords.name == source.name).order_by(ChangedWords.id).limit(portion)
    rows = list(read_rows(noted))
    if not rows:
        return (), False
    ChangedWords.delete().where(ChangedWords.id << [note_id for note_id, _ in rows]).execute()
    # What is not indexed yet will be, with its new words.
    is_changed = source.table.id << [row_id for _, row_id in rows]
    changed = _rows(source, is_changed & _between(source, index.first_id, index.last_id), portion)
    _erase(source.name, [row_id for row_id, _ in changed])
    return changed, len(rows) == portion


def _erase(name: str, row_ids: Sequence[int]) -> None:
    # A row that has changed again may have been indexed since its first change.
    database: Any = SearchIndex._meta.database  # noqa: SLF001
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    key, mark = ("rowid", "?") if is_sqlite else ('"id"', "%s")
    sql = f'DELETE FROM "{name}_words" WHERE {key} = {mark}'  # noqa: S608
    database.cursor().executemany(sql, [(row_id,) for row_id in row_ids])


def _insert(name: str, rows: Iterable[_Row]) -> None:
    indexed = [(row_id, words) for row_id, text in rows if (words := search_words(text))]
    if not indexed:
        return
    database: Any = SearchIndex._meta.database  # noqa: SLF001
    if isinstance(database, peewee.SqliteDatabase):
        sql = f'INSERT INTO "{name}_words" (rowid, words) VALUES (?, ?)'  # noqa: S608
        shape: Callable[[list[str]], object] = " ".join
    else:
        sql = f'INSERT INTO "{name}_words" ("id", "words") VALUES (%s, array_to_tsvector(%s))'  # noqa: S608
        shape = list
    database.cursor().executemany(sql, [(row_id, shape(words)) for row_id, words in indexed])


def _writers(source: _Source) -> tuple[datetime | None, datetime | None]:
    """Return since when another transaction has been writing to the table, and the time.

    In PostgreSQL a row may appear after another one with a higher id, once its transaction ends.
    SQLite has one writer: both are None.
    """
    database: Any = SearchIndex._meta.database  # noqa: SLF001
    if isinstance(database, peewee.SqliteDatabase):
        return None, None
    since, now = database.execute_sql(_WRITERS, (source.name,)).fetchone()
    return since, now
