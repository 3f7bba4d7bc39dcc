from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def microseconds_of(at: datetime) -> int:
    """Write an instant as whole microseconds since 1970, as the database holds it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """Read it back; what lies beyond the calendar is taken for its end."""
    return min(
        _EPOCH + timedelta(microseconds=min(microseconds, microseconds_of(_LATEST))), _LATEST
    )
