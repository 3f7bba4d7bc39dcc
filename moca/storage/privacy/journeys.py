from datetime import datetime

from moca.core.reply_window import BY_ITS_TIMESTAMP
from moca.core.types import MessageStatus, Outcome, Role, Stage
from moca.storage.db.privacy_tables import CondensedJourneys
from moca.storage.db.rows import read_rows
from moca.storage.db.scan import last_id_before
from moca.storage.db.tables import JourneyStep, Message

_ROUTINE = frozenset(
    {
        Stage.STORAGE,
        Stage.DEDUPLICATION,
        Stage.DEBOUNCE,
        Stage.COOLDOWN,
        Stage.QUEUE,
        Stage.SENDING,
        Stage.DELIVERY,
    }
)
"""The stages that say nothing more once a message is answered: its row and its reply's have the
times and the outcome."""
_ALL = "all"
_IS_PLAIN_RECEPTION = (
    (JourneyStep.stage == Stage.RECEPTION)
    & (JourneyStep.outcome == "received")
    & (JourneyStep.detail == BY_ITS_TIMESTAMP)
    & (JourneyStep.at == Message.created_at)
)
_REPEATS_MESSAGE = (
    (JourneyStep.stage == Stage.OUTCOME)
    & (JourneyStep.outcome == Outcome.ANSWERED)
    & (JourneyStep.detail == Message.because)
)


def condense_journeys(before: datetime, portion: int) -> bool:
    """Condense the next steps from before an instant; False if there are none left.

    Only answered messages and sent replies are condensed; what went otherwise keeps every step.
    Routine steps are deleted, and what a message's row says too: `read_journey` restores that.
    """
    progress = CondensedJourneys.get_or_none(CondensedJourneys.name == _ALL)
    if progress is None:
        progress = CondensedJourneys.create(name=_ALL, last_step_id=0)
    until_id = last_id_before(JourneyStep.at, before)
    columns = (
        *(JourneyStep.id, JourneyStep.stage, _IS_PLAIN_RECEPTION, _REPEATS_MESSAGE),
        *(Message.role, Message.outcome, Message.status),
    )
    steps = JourneyStep.select(*columns).join(Message)
    is_next = (JourneyStep.id > progress.last_step_id) & (JourneyStep.id <= until_id)
    rows = list(read_rows(steps.where(is_next).order_by(JourneyStep.id).limit(portion)))
    if not rows:
        return False
    routine, repeating = [], []
    for row_id, stage, is_plain_reception, repeats_message, *message in rows:
        if not _went_well(*message):
            continue
        if stage in _ROUTINE or is_plain_reception:
            routine.append(row_id)
        elif repeats_message:
            repeating.append(row_id)
    if routine:
        JourneyStep.delete().where(JourneyStep.id << routine).execute()
    if repeating:
        JourneyStep.update(detail="").where(JourneyStep.id << repeating).execute()
    progress.last_step_id = rows[-1][0]
    progress.save()
    return True


def _went_well(role: str, outcome: str | None, status: str) -> bool:
    is_reply = role == Role.ASSISTANT
    return status == MessageStatus.SENT if is_reply else outcome == Outcome.ANSWERED
