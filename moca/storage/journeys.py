from collections.abc import Sequence

from moca.core.messages import RecordSteps
from moca.storage.batch import Batch
from moca.storage.models import Message
from moca.storage.selection import Selection

_BY_ID = Selection(lambda: Message.select(Message.id), Message.id)


def record_steps(batch: Batch, commands: Sequence[RecordSteps]) -> None:
    """Add steps to journeys; those of messages that are gone are left out."""
    steps = [step for command in commands for step in command.steps]
    existing = {found for (found,) in _BY_ID.among({step.message_id for step in steps})}
    for step in steps:
        if step.message_id in existing:
            batch.note(step.message_id, step.at, step.stage, step.outcome, step.detail)
