from datetime import datetime

from moca.storage.db.metric_tables import Freeze


def frozen_since() -> datetime | None:
    """Tell since when nothing goes out; None while everything does."""
    row = Freeze.get_or_none()
    return None if row is None else row.since_at
