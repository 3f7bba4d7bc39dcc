from collections.abc import Sequence
from typing import Any

from moca.core.messages import RecordSteps
from moca.storage.batch import Batch
from moca.storage.chunks import in_chunks
from moca.storage.models import Message


def record_steps(batch: Batch, commands: Sequence[RecordSteps]) -> None:
    """Add steps to journeys; those of messages that are gone are left out."""
    steps = [step for command in commands for step in command.steps]
    existing = _existing({step.message_id for step in steps})
    for step in steps:
        if step.message_id in existing:
            batch.note(step.message_id, step.at, step.stage, step.outcome, step.detail)


def _existing(message_ids: set[int]) -> set[int]:
    found: set[int] = set()
    for chunk in in_chunks(sorted(message_ids)):
        query: Any = Message.select(Message.id).where(Message.id << chunk)
        found.update(message_id for (message_id,) in query.tuples())
    return found
