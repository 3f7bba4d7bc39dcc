from datetime import timedelta
from math import ceil

from moca.web.errors import Problem

_MINUTE_SECONDS = 60


def too_many(what: str, wait: timedelta) -> Problem:
    """Return a 429 problem that says how long to wait."""
    seconds = max(1, ceil(wait.total_seconds()))
    is_short = seconds < _MINUTE_SECONDS
    span = f"{seconds} s" if is_short else f"{ceil(seconds / _MINUTE_SECONDS)} min"
    return Problem(429, f"Too many {what}. Try again in {span}.", retry_after_seconds=seconds)
