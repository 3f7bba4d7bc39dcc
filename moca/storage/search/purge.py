from datetime import datetime, timedelta
from typing import Any

import peewee

from moca.storage.db.privacy_tables import DeletionRequest
from moca.storage.db.search_tables import SearchIndex

_EVERY = timedelta(hours=1)
_PAGES = 100

_MAY_HOLD_ERASED = SearchIndex.has_erased | SearchIndex.is_purging


def purge_soon() -> None:
    """Begin the next purge of erased words at once, not an hour after the last one."""
    SearchIndex.update(purged_at=None).where(SearchIndex.purged_at.is_null(is_null=False)).execute()


def holds_erased_words() -> bool:
    """Return whether the index may still hold words of texts that are erased."""
    return bool(SearchIndex.select().where(_MAY_HOLD_ERASED).exists())


def purge_portion(at: datetime) -> bool:
    """Rewrite a portion of an index without the words of erased texts; False if all are done.

    FTS5 keeps deleted words until their part of the index is rewritten. The whole of it is, so
    deletions by age wait for one another for an hour, while those that someone asked for do not.
    """
    for index in SearchIndex.select().where(_MAY_HOLD_ERASED):
        if not index.is_purging and not _is_due(index, at):
            continue
        if not index.is_purging:
            index.is_purging, index.has_erased = True, False
        if not _rewrite(index.name):
            index.is_purging, index.purged_at = False, at
        index.save()
        return True
    return False


def _is_due(index: Any, at: datetime) -> bool:
    is_waited_for = DeletionRequest.completed_at.is_null()
    return (
        index.purged_at is None
        or not index.purged_at <= at < index.purged_at + _EVERY
        or DeletionRequest.select().where(is_waited_for).exists()
    )


def _rewrite(name: str) -> bool:
    """Merge some pages of the index; False if there was nothing left to merge."""
    database = SearchIndex._meta.database  # noqa: SLF001
    if not isinstance(database, peewee.SqliteDatabase):
        return False
    sqlite: Any = database
    merge = f'INSERT INTO "{name}_words" ("{name}_words", rank) VALUES (\'merge\', ?)'  # noqa: S608
    # The savepoint writes down what this transaction has deleted so far, so that it is merged too.
    with sqlite.atomic():
        before = sqlite.connection().total_changes
        sqlite.execute_sql(merge, (-_PAGES,))
        return bool(sqlite.connection().total_changes - before >= 2)  # noqa: PLR2004 - see FTS5
