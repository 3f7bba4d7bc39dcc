from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moca.storage.halving import last_id_before


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
