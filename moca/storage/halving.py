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
