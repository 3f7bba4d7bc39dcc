from collections.abc import Iterator
from datetime import datetime
from typing import Any


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
    after_id = _last_id_before(table, instant, since)
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


def _last_id_before(table: Any, instant: Any, since: datetime) -> int:
    """Find by halving where the ids come to an instant: there is no index on it."""
    newest = table.select(table.id).order_by(table.id.desc()).limit(1).scalar()
    before, upto = 0, newest or 0
    while before < upto:
        middle = (before + upto + 1) // 2
        query = table.select(instant).where(table.id >= middle).order_by(table.id).limit(1)
        ((at,),) = query.tuples()
        if at < since:
            before = middle
        else:
            upto = middle - 1
    return before
