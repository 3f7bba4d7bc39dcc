from datetime import UTC, datetime, timedelta

import peewee

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class InstantField(peewee.BigIntegerField):
    """An aware UTC instant, stored as whole microseconds since 1970: exact, sortable."""

    def db_value(self, value: datetime | None) -> int | None:
        """Turn an aware instant into microseconds; None stays None."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def python_value(self, value: int | None) -> datetime | None:
        """Turn microseconds into an aware UTC instant; None stays None."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)
