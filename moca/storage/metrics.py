from collections.abc import Sequence
from datetime import timedelta

from peewee import EXCLUDED, Case

from moca.core.messages.housekeeping import RecordMetrics
from moca.core.metrics import Metric
from moca.storage.db.bulk import in_chunks
from moca.storage.db.metric_tables import MinuteMetric
from moca.storage.handlers import handles
from moca.storage.operators.idempotency import take_key
from moca.storage.unit_of_work import Batch

_KEPT = timedelta(days=8)
_MICROSECOND = timedelta(microseconds=1)


@handles(RecordMetrics)
def record_metrics(_batch: Batch, commands: Sequence[RecordMetrics]) -> None:
    """Add counts to the stored metrics of the same minutes, and delete those over a week old."""
    for command in commands:
        if take_key(f"figures {command.key}", command.at):
            for chunk in in_chunks(command.metrics, 5):
                _add(chunk)
        MinuteMetric.delete().where(MinuteMetric.minute < command.at - _KEPT).execute()


def _add(metrics: Sequence[Metric]) -> None:
    insert = MinuteMetric.insert_many([_row(each) for each in metrics])
    longer = EXCLUDED.longest > MinuteMetric.longest
    insert.on_conflict(
        conflict_target=[MinuteMetric.minute, MinuteMetric.name],
        update={
            MinuteMetric.count: MinuteMetric.count + EXCLUDED.count,
            MinuteMetric.total: MinuteMetric.total + EXCLUDED.total,
            MinuteMetric.longest: Case(None, ((longer, EXCLUDED.longest),), MinuteMetric.longest),
        },
    ).execute()


def _row(metric: Metric) -> dict[str, object]:
    return {
        "minute": metric.minute,
        "name": metric.name,
        "count": metric.count,
        "total": metric.total // _MICROSECOND,
        "longest": metric.longest // _MICROSECOND,
    }
