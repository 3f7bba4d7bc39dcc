from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from peewee import EXCLUDED, Case

from moca.core.messages.housekeeping import RecordFigures
from moca.core.metrics import Figure
from moca.storage.db.bulk import in_chunks
from moca.storage.db.metric_tables import MinuteFigure
from moca.storage.unit_of_work import Batch

_KEPT = timedelta(days=8)
_MICROSECOND = timedelta(microseconds=1)


def record_figures(_batch: Batch, commands: Sequence[RecordFigures]) -> None:
    """Add what was counted to what is known of the same minutes; forget those of last week."""
    for command in commands:
        for chunk in in_chunks(command.figures, 5):
            _add(chunk)
        MinuteFigure.delete().where(MinuteFigure.minute < command.at - _KEPT).execute()


def _add(figures: Sequence[Figure]) -> None:
    insert: Any = MinuteFigure.insert_many([_row(each) for each in figures])
    longer = EXCLUDED.longest > MinuteFigure.longest
    insert.on_conflict(
        conflict_target=[MinuteFigure.minute, MinuteFigure.name],
        update={
            MinuteFigure.count: MinuteFigure.count + EXCLUDED.count,
            MinuteFigure.total: MinuteFigure.total + EXCLUDED.total,
            MinuteFigure.longest: Case(None, ((longer, EXCLUDED.longest),), MinuteFigure.longest),
        },
    ).execute()


def _row(figure: Figure) -> dict[str, Any]:
    return {
        "minute": figure.minute,
        "name": figure.name,
        "count": figure.count,
        "total": figure.total // _MICROSECOND,
        "longest": figure.longest // _MICROSECOND,
    }
