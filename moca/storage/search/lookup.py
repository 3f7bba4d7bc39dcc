from collections.abc import Sequence
from typing import Any

import peewee

from moca.core.content.search_words import SearchTerm
from moca.storage.db.search_tables import SearchIndex

_FTS5 = """SELECT rowid FROM "{name}_words" WHERE "{name}_words" MATCH ?{range}
    ORDER BY rowid DESC LIMIT ?"""
_TSVECTORS = """SELECT "id" FROM "{name}_words" WHERE "words" @@ %s::tsquery{range}
    ORDER BY "id" DESC LIMIT %s"""


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
        sql, row_id, mark = _FTS5, "rowid", "?"
        query = " ".join(f'"{word}"{"*" * is_beginning}' for word, is_beginning in terms)
    else:
        sql, row_id, mark = _TSVECTORS, '"id"', "%s"
        query = " & ".join(f"'{word}'{':*' * is_beginning}" for word, is_beginning in terms)
    # Only bounds that exclude something: PostgreSQL reads the index of the ids for any other, too.
    bounds = [(">", after_id)] if after_id else []
    bounds += [] if before_id is None else [("<", before_id)]
    within = "".join(f" AND {row_id} {sign} {mark}" for sign, _ in bounds)
    values = (query, *(bound for _, bound in bounds), limit)
    rows = database.execute_sql(sql.format(name=name, range=within), values)
    return [found_id for (found_id,) in rows.fetchall()]
