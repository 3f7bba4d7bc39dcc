from collections.abc import Sequence

from peewee import JOIN

from moca.core.messages import RecordSteps
from moca.storage.batch import Batch
from moca.storage.models import JourneyStep, Message
from moca.storage.selection import Selection
from moca.storage.storable import short, storable

_SO_FAR = Selection(
    lambda: Message.select(
        Message.id, JourneyStep.at, JourneyStep.stage, JourneyStep.outcome, JourneyStep.detail
    ).join(JourneyStep, JOIN.LEFT_OUTER, on=JourneyStep.message == Message.id),
    Message.id,
)


def record_steps(batch: Batch, commands: Sequence[RecordSteps]) -> None:
    """Add steps to journeys, each once; those of messages that are gone are left out."""
    steps = [step for command in commands for step in command.steps]
    known = set(map(tuple, _SO_FAR.among({step.message_id for step in steps})))
    existing = {message_id for message_id, *_ in known}
    for step in steps:
        row = (step.message_id, step.at, step.stage, short(step.outcome), storable(step.detail))
        # One that is there already was committed, though the answer to that was lost.
        if step.message_id in existing and row not in known:
            batch.note(step.message_id, step.at, step.stage, step.outcome, step.detail)
