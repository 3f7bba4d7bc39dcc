"""How many arrivals fall into a second, less what they may be late by."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice

JITTER = timedelta(milliseconds=100)
"""Between the start of a call and its arrival, on a machine with other work."""
_SHORTEST = timedelta(milliseconds=50)
_SECOND = timedelta(seconds=1)


def most_in_a_second(
    arrivals: Iterable[datetime],
    late_around: Callable[[datetime], timedelta],
    jitter: timedelta = JITTER,
) -> tuple[int, datetime | None]:
    """Return the most arrivals within a second, and since when.

    Calls that begin in different seconds arrive together if the machine stands still meanwhile, so
    each second is shorter by `jitter` and by how late arrivals may be around its beginning.
    """
    came, most, since = sorted(arrivals), 0, None
    for place, at in enumerate(came):
        # No window is looked at that could not be a new maximum.
        if next(islice(came, place + most, None), at + _SECOND) >= at + _SECOND:
            continue
        within = max(_SECOND - jitter - late_around(at), _SHORTEST)
        number = bisect_left(came, at + within, place) - place
        if number > most:
            most, since = number, at
    return most, since
