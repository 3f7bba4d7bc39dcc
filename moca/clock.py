from datetime import UTC, datetime


def now() -> datetime:
    """Tell the wall clock's time as an aware UTC instant. The only place that reads it."""
    return datetime.now(UTC)
