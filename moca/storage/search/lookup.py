from collections.abc import Sequence
from typing import Any

import peewee

from moca.core.content.search_words import SearchTerm
from moca.storage.db.search_tables import SearchIndex

_FTS5 = """SELECT rowid FROM "{name}_words" WHERE "{name}_words" MATCH ?{range}
    ORDER BY rowid DESC LIMIT ?"""
_RECENT = """SELECT "id" FROM "{name}_words" WHERE "words" @@ %s::tsquery{range}
    ORDER BY "id" DESC LIMIT %s"""
_OLDER = """WITH matching AS MATERIALIZED (
        SELECT "id" FROM "{name}_words" WHERE "words" @@ %s::tsquery{range})
    SELECT "id" FROM matching ORDER BY "id" DESC LIMIT %s"""
_RECENT_IDS = 20_000
"""How far PostgreSQL reads back by id before it asks the index of words for all older rows.

Its planner knows only which words are frequent. For one that is rare or does not occur it would
read back through the whole table.
"""


def ids_with(
    name: str,
    terms: Sequence[SearchTerm],
    *,
    limit: int,
    after_id: int = 0,
    before_id: int | None = None,
) -> list[int]:
    """Return the ids of the latest rows of a table that match all terms, latest first.

    Args:
        name: `message` or `contact`.
        terms: What to find; without terms, nothing is.
        limit: The most ids to return.
        after_id: Only later rows.
        before_id: Only earlier rows.
    """
    if not terms:
        return []
    database: Any = SearchIndex._meta.database  # noqa: SLF001
    if isinstance(database, peewee.SqliteDatabase):
        query = " ".join(f'"{word}"{"*" * is_beginning}' for word, is_beginning in terms)
        return _run(_FTS5, name, query, (after_id, before_id), limit)
    query = " & ".join(f"'{word}'{':*' * is_beginning}" for word, is_beginning in terms)
    last = before_id
    if last is None:
        (last,) = database.execute_sql(f'SELECT MAX("id") FROM "{name}_words"').fetchone()  # noqa: S608
    recent_after = max((last or 0) - _RECENT_IDS, after_id)
    found = _run(_RECENT, name, query, (recent_after, before_id), limit)
    if len(found) == limit or recent_after == after_id:
        return found
    older = (after_id, recent_after + 1)
    return found + _run(_OLDER, name, query, older, limit - len(found))


def _run(sql: str, name: str, query: str, ids: tuple[int, int | None], limit: int) -> list[int]:
    database: Any = SearchIndex._meta.database  # noqa: SLF001
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    row_id, mark = ("rowid", "?") if is_sqlite else ('"id"', "%s")
    after_id, before_id = ids
    # Only bounds that exclude something: PostgreSQL reads the index of the ids for any other, too.
    bounds = [(">", after_id)] if after_id else []
    bounds += [] if before_id is None else [("<", before_id)]
    within = "".join(f" AND {row_id} {sign} {mark}" for sign, _ in bounds)
    values = (query, *(bound for _, bound in bounds), limit)
    rows = database.execute_sql(sql.format(name=name, range=within), values)
    return [found_id for (found_id,) in rows.fetchall()]
