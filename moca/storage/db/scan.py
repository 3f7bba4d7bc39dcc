from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import fn


def last_id_before(instant: Any, before: datetime) -> int:
    """Find the last row from before an instant, by halving: no index on the instant is needed.

    Args:
        instant: the column that tells it, of a table whose ids ascend with time.
        before: an aware instant.

    Returns:
        its id, or one below every row's where none is from before.
    """
    table = instant.model
    # Apart: asked for both at once, SQLite reads the whole table.
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
    """Give the rows of a query from an instant on and before another, oldest first, by pages.

    Args:
        since: an aware instant.
        until: another.
        query: selects id and instant among others.
        instant: the column that tells it, of a table whose ids ascend with time.
        page: so many rows are in memory at a time.
    """
    table = instant.model
    after_id = last_id_before(instant, since)
    while True:
        later = query.where((table.id > after_id) & (instant >= since))
        rows = list(later.order_by(table.id).limit(page).dicts())
        for row in rows:
            if row[instant.name] >= until:
                return
            yield row
        if len(rows) < page:
            return
        after_id = rows[-1]["id"]
