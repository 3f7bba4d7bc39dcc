from collections.abc import Sequence
from typing import Any

from moca.core.messages.operator_actions import FreezeChanged, FreezeQueue, ReleaseQueue
from moca.core.messages.receipt import Conflict, Done
from moca.storage.db.metric_tables import Freeze
from moca.storage.db.statements import Prepared
from moca.storage.unit_of_work import Batch

QUEUE = "queue"
_FREEZE = Prepared(Freeze, lambda name: Freeze.select(Freeze.name).where(Freeze.name == name))


def freeze_queue(batch: Batch, commands: Sequence[FreezeQueue]) -> None:
    """Write that nothing may go out; what is under way already ends as it ends."""
    for command in commands:
        row: Any = Freeze.insert(name=QUEUE, since_at=command.at)
        is_new = row.on_conflict_ignore().as_rowcount().execute()
        batch.answer(command.receipt, Done() if is_new else Conflict("the queue is frozen already"))
        batch.tell(FreezeChanged(is_frozen=True))


def release_queue(batch: Batch, commands: Sequence[ReleaseQueue]) -> None:
    """Write that everything may go again."""
    for command in commands:
        was_frozen = Freeze.delete().where(Freeze.name == QUEUE).execute()
        batch.answer(command.receipt, Done() if was_frozen else Conflict("the queue is not frozen"))
        batch.tell(FreezeChanged(is_frozen=False))


def is_frozen() -> bool:
    """Tell whether nothing may go out."""
    return bool(_FREEZE.rows(QUEUE))
