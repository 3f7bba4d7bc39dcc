from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from peewee import JOIN, Node

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.replies import ConcludeMessages, MessagesEnded, RecordSteps
from moca.core.reasons import code_of
from moca.core.types import COMMENT_KINDS, Outcome, Stage
from moca.storage.conversations.needs_reply import EndedMessage, follow_outcomes
from moca.storage.db.bulk import Update, in_chunks
from moca.storage.db.fields import short, storable
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Selection
from moca.storage.db.tables import IS_UNANSWERED, JourneyStep, Message
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_OUTCOMES = Update(
    Message,
    Message.outcome,
    Message.because,
    Message.reason,
    Message.processed,
    Message.duplicate_of,
    where='"outcome" IS NULL',
)


_UNANSWERED = Selection(
    lambda: Message.select(Message.id, Message.text, Message.kind, Message.mid).where(
        IS_UNANSWERED
    ),
    Message.id,
)
_INPUTS = Selection(
    lambda: Message.select(Message.reply, Message.id, Message.outcome).order_by(Message.id),
    Message.reply,
)


class UnansweredInput(NamedTuple):
    """What a contact wrote and has no answer to."""

    text: str
    kind: str
    mid: str

    @property
    def comment_id(self) -> str | None:
        """Instagram's id of the comment; None if it is a message."""
        return self.mid if self.kind in COMMENT_KINDS else None


class Conclusion(NamedTuple):
    """The outcome of one message."""

    message_id: int
    outcome: Outcome
    because: str
    at: datetime
    duplicate_of: int | None = None


@handles(ConcludeMessages)
def conclude_messages(batch: Batch, commands: Sequence[ConcludeMessages]) -> None:
    """Record outcomes; messages that are answered, queued or gone are skipped."""
    named = {each for command in commands for each in command.message_ids}
    unanswered = unanswered_among(named)
    originals = _existing(c.duplicate_of for c in commands if c.duplicate_of is not None)
    for command in commands:
        original = command.duplicate_of if command.duplicate_of in originals else None
        ending = [each for each in dict.fromkeys(command.message_ids) if each in unanswered]
        unanswered.difference_update(ending)
        conclude(batch, ending, command.outcome, command.because, command.at, duplicate_of=original)


def conclude(
    batch: Batch,
    message_ids: Iterable[int],
    outcome: Outcome,
    because: str,
    at: datetime,
    *,
    duplicate_of: int | None = None,
) -> None:
    """Record one outcome for these messages, which must have none."""
    write_conclusions(
        batch, [Conclusion(each, outcome, because, at, duplicate_of) for each in message_ids]
    )


def write_conclusions(batch: Batch, conclusions: Sequence[Conclusion]) -> None:
    """Record the outcomes of messages that have none."""
    _OUTCOMES.each(
        (
            each.outcome,
            storable(each.because),
            code_of(each.because),
            True,
            each.duplicate_of,
            each.message_id,
        )
        for each in conclusions
    )
    follow_outcomes(
        EndedMessage(each.message_id, each.outcome, code_of(each.because), each.at)
        for each in conclusions
    )
    ends = groupby(conclusions, key=lambda each: (each.outcome, each.because))
    for (outcome, because), alike in ends:
        batch.ended.append(MessagesEnded(tuple(e.message_id for e in alike), outcome, because))
    for each in conclusions:
        duplicate = each.outcome is Outcome.DUPLICATE
        stage = Stage.DEDUPLICATION if duplicate else Stage.OUTCOME
        batch.note(each.message_id, each.at, stage, each.outcome, each.because)
        batch.publish(outcome_event(each.message_id, each.outcome, each.because, each.at))


def outcome_event(message_id: int, outcome: Outcome, because: str, at: datetime) -> FeedEvent:
    """Return the feed's event of a message that ended."""
    return FeedEvent(FeedKind(f"message.{outcome}"), at, message_id, detail={"because": because})


def unanswered_among(message_ids: Iterable[int]) -> set[int]:
    """Return which of these messages are unanswered."""
    return set(unanswered_inputs(message_ids))


def unanswered_inputs(message_ids: Iterable[int]) -> dict[int, UnansweredInput]:
    """Return those of these messages that are unanswered, by id."""
    rows = _UNANSWERED.among(sorted(set(message_ids)))
    return {message_id: UnansweredInput._make(row) for message_id, *row in rows}


def unanswered_of(conversation_id: int) -> list[int]:
    """Return the unanswered messages of a conversation."""
    return sorted(_ids((Message.conversation == conversation_id) & IS_UNANSWERED))


def inputs_of(message_ids: Iterable[int], outcomes: Sequence[str] = ()) -> Mapping[int, list[int]]:
    """Return the inputs of each of these replies without an outcome, or with one of `outcomes`."""
    inputs: dict[int, list[int]] = {each: [] for each in message_ids}
    for reply_id, message_id, outcome in _INPUTS.among(inputs):
        if outcome in (outcomes or (None,)):
            inputs[reply_id].append(message_id)
    return inputs


def _existing(message_ids: Iterable[int]) -> set[int]:
    chunks = in_chunks(sorted(set(message_ids)))
    return {each for chunk in chunks for each in _ids(Message.id << chunk)}


def _ids(condition: Node) -> list[int]:
    query = Message.select(Message.id).where(condition)
    return [message_id for (message_id,) in read_rows(query)]


_SO_FAR = Selection(
    lambda: Message.select(
        Message.id, JourneyStep.at, JourneyStep.stage, JourneyStep.outcome, JourneyStep.detail
    ).join(JourneyStep, JOIN.LEFT_OUTER, on=JourneyStep.message == Message.id),
    Message.id,
)


@handles(RecordSteps)
def record_steps(batch: Batch, commands: Sequence[RecordSteps]) -> None:
    """Add steps to journeys, each once; steps of messages that are gone are skipped."""
    steps = [step for command in commands for step in command.steps]
    known = set(map(tuple, _SO_FAR.among({step.message_id for step in steps})))
    existing = {message_id for message_id, *_ in known}
    for step in steps:
        row = (step.message_id, step.at, step.stage, short(step.outcome), storable(step.detail))
        # A step that exists was committed, although the confirmation was lost.
        if step.message_id in existing and row not in known:
            batch.note(step.message_id, step.at, step.stage, step.outcome, step.detail)
