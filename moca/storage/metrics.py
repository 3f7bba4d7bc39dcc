from collections.abc import Sequence
from datetime import timedelta

from peewee import EXCLUDED, Case

from moca.core.messages.housekeeping import RecordMetrics
from moca.core.metrics import Metric
from moca.storage.db.bulk import in_chunks
from moca.storage.db.metric_tables import AccountMetric, MinuteMetric
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
            for table in (MinuteMetric, AccountMetric):
                rows = [_row(each, table) for each in command.metrics if _is_in(each, table)]
                for chunk in in_chunks(rows, 6):
                    _add(chunk, table)
        for table in (MinuteMetric, AccountMetric):
            table.delete().where(table.minute < command.at - _KEPT).execute()


_Table = type[MinuteMetric] | type[AccountMetric]
_OF_ACCOUNT = {MinuteMetric: (), AccountMetric: (AccountMetric.account_id,)}


def _is_in(metric: Metric, table: _Table) -> bool:
    return bool(metric.account_id) == (table is AccountMetric)


def _add(rows: Sequence[dict[str, object]], table: _Table) -> None:
    longer = EXCLUDED.longest > table.longest
    table.insert_many(rows).on_conflict(
        conflict_target=[*_OF_ACCOUNT[table], table.minute, table.name],
        update={
            table.count: table.count + EXCLUDED.count,
            table.total: table.total + EXCLUDED.total,
            table.longest: Case(None, ((longer, EXCLUDED.longest),), table.longest),
        },
    ).execute()


def _row(metric: Metric, table: _Table) -> dict[str, object]:
    row = {
        "minute": metric.minute,
        "name": metric.name,
        "count": metric.count,
        "total": metric.total // _MICROSECOND,
        "longest": metric.longest // _MICROSECOND,
    }
    return row | ({"account_id": metric.account_id} if table is AccountMetric else {})
