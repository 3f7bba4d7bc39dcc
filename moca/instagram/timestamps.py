import math
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_IN_MILLISECONDS = 10**11
_MAX_DIGITS = 20


def read_instant(value: object) -> datetime | None:
    """Read a time as Meta writes it: seconds or milliseconds since 1970, or ISO 8601.

    Numbers may be text; from 1e11 on they are milliseconds. None for anything but a time after
    1970.
    """
    try:
        number = _number(value)
        if number is None:
            return _read_iso(value)
        return _since_epoch(number)
    except (OverflowError, ValueError):
        return None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:_MAX_DIGITS])
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return None


def _since_epoch(number: int) -> datetime | None:
    if number <= 0:
        return None
    if number >= _FIRST_IN_MILLISECONDS:
        return _EPOCH + timedelta(milliseconds=number)
    return _EPOCH + timedelta(seconds=number)


def _read_iso(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    instant = datetime.fromisoformat(value)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
