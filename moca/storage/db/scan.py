from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import fn

from moca.storage.db.rows import read_dicts


def last_id_before(instant: Any, before: datetime) -> int:
    """Return the id of the last row before an instant, by binary search without an index on it.

    Args:
        instant: the timestamp column of a table whose ids ascend with time.
        before: an aware instant.

    Returns:
        the id, or one below every row's id if no row is that old.
    """
    table = instant.model
    # Separate queries: asked for both at once, SQLite reads the whole table.
    low, high = (table.select(edge(table.id)).scalar() for edge in (fn.MIN, fn.MAX))
    if low is None:
        return 0
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        row = table.select(instant).where(table.id <= middle).order_by(table.id.desc()).first()
        if row is None or getattr(row, instant.name) < before:
            low = middle
        else:
            high = middle - 1
    return int(low)


def rows_between(
    since: datetime, until: datetime, *, query: Any, instant: Any, page: int = 500
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query from one instant until before another, oldest first, by pages.

    Args:
        since: an aware instant.
        until: an aware instant.
        query: selects at least the id and the timestamp.
        instant: the timestamp column of a table whose ids ascend with time.
        page: the number of rows in memory at a time.
    """
    table = instant.model
    after_id = last_id_before(instant, since)
    while True:
        later = query.where((table.id > after_id) & (instant >= since))
        rows = list(read_dicts(later.order_by(table.id).limit(page)))
        for row in rows:
            if row[instant.name] >= until:
                return
            yield row
        if len(rows) < page:
            return
        after_id = rows[-1]["id"]
