from collections.abc import Sequence
from datetime import datetime

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.command import Conflict, Done
from moca.core.messages.operator_actions import FreezeChanged, FreezeQueue, ReleaseQueue
from moca.storage.db.metric_tables import Freeze
from moca.storage.db.statements import Prepared
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

QUEUE = "queue"
_FREEZE = Prepared(Freeze, lambda name: Freeze.select(Freeze.name).where(Freeze.name == name))


@handles(FreezeQueue)
def freeze_queue(batch: Batch, commands: Sequence[FreezeQueue]) -> None:
    """Freeze sending; calls in progress still finish."""
    for command in commands:
        is_new = freeze(batch, command.at)
        batch.answer(command.receipt, Done() if is_new else Conflict("sending is already paused"))
        batch.tell(FreezeChanged(is_frozen=True))


def freeze(batch: Batch, at: datetime) -> bool:
    """Freeze sending; return False if it was frozen before."""
    row = Freeze.insert(name=QUEUE, since_at=at)
    is_new = bool(row.on_conflict_ignore().as_rowcount().execute())
    if is_new:
        batch.publish(FeedEvent(FeedKind.QUEUE_FROZEN, at))
    return is_new


@handles(ReleaseQueue)
def release_queue(batch: Batch, commands: Sequence[ReleaseQueue]) -> None:
    """Release a frozen queue."""
    for command in commands:
        was_frozen = Freeze.delete().where(Freeze.name == QUEUE).execute()
        batch.answer(command.receipt, Done() if was_frozen else Conflict("sending is not paused"))
        if was_frozen:
            batch.publish(FeedEvent(FeedKind.QUEUE_RELEASED, command.at))
        batch.tell(FreezeChanged(is_frozen=False))


def is_frozen() -> bool:
    """Return whether sending is frozen."""
    return bool(_FREEZE.rows(QUEUE))
