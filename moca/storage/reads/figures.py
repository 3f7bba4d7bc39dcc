from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from moca.core.figures import Figure
from moca.storage.counts import MinuteFigure
from moca.storage.reads.microseconds import instant_of

_MOST = 20_000
_MICROSECOND = timedelta(microseconds=1)


def list_figures(since: datetime, width: timedelta = timedelta(minutes=1)) -> tuple[Figure, ...]:
    """List what was counted from an instant on, oldest first, by spans of whole minutes.

    Spans begin at multiples of their width since 1970.
    """
    span = SQL(f'"minute" / {width // _MICROSECOND}')
    columns = (
        span.alias("span"),
        MinuteFigure.name,
        fn.SUM(MinuteFigure.count),
        fn.SUM(MinuteFigure.total),
        fn.MAX(MinuteFigure.longest),
    )
    query: Any = MinuteFigure.select(*columns).where(MinuteFigure.minute >= since)
    rows = query.group_by(span, MinuteFigure.name).order_by(span, MinuteFigure.name)
    return tuple(_figure(width, *row) for row in rows.limit(_MOST).tuples())


def _figure(width: timedelta, span: int, name: str, *figures: int) -> Figure:
    count, total, longest = map(int, figures)
    return Figure(
        minute=instant_of(span * (width // _MICROSECOND)),
        name=name,
        count=count,
        total=total * _MICROSECOND,
        longest=longest * _MICROSECOND,
    )
