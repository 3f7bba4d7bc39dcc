from datetime import timedelta

_FIRST = timedelta(seconds=2)
_LONGEST = timedelta(minutes=5)


_USAGE_PERCENT_FELT = 75
_LONGEST_BREATHER = timedelta(seconds=60)


def breather(usage_percent: float) -> timedelta:
    """Say how long an account pauses between calls, the longer the nearer it is to its quota."""
    felt = min(max(usage_percent - _USAGE_PERCENT_FELT, 0) / (100 - _USAGE_PERCENT_FELT), 1)
    return _LONGEST_BREATHER * felt**2


def backoff(attempt: int, jitter: float) -> timedelta:
    """Say how long to wait after a failed attempt: doubling, capped, spread.

    Args:
        attempt: how many attempts were made, from 1.
        jitter: a number drawn from 0 to 1; it moves the wait between half and the whole span.
    """
    return longest_backoff(attempt) * (0.5 + jitter / 2)


def longest_backoff(attempt: int) -> timedelta:
    """Return the whole span, as drawn with a jitter of 1."""
    doublings = min(max(attempt, 1) - 1, 16)
    return min(_FIRST * (1 << doublings), _LONGEST)
