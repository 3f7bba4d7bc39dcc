import re
from datetime import timedelta

_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


def read_span(text: str) -> timedelta:
    """Read a span such as "90m", "12h", "7d" or "2w".

    Raises:
        ValueError: it is none, or longer than ten years.
    """
    found = _SPAN.fullmatch(text.strip())
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise ValueError(f"{text!r} is not a span such as 90m, 12h, 7d or 2w")
    return span
