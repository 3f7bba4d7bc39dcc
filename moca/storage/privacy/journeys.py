from datetime import datetime

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


def condense_journeys(before: datetime, portion: int) -> bool:
    """Delete the routine steps among the next from before an instant; False if there are none left.

    Only answered messages and sent replies are condensed; what went otherwise keeps every step.
    """
    progress = CondensedJourneys.get_or_none(CondensedJourneys.name == _ALL)
    if progress is None:
        progress = CondensedJourneys.create(name=_ALL, last_step_id=0)
    until_id = last_id_before(JourneyStep.at, before)
    columns = (JourneyStep.id, JourneyStep.stage, Message.role, Message.outcome, Message.status)
    steps = JourneyStep.select(*columns).join(Message)
    is_next = (JourneyStep.id > progress.last_step_id) & (JourneyStep.id <= until_id)
    rows = list(read_rows(steps.where(is_next).order_by(JourneyStep.id).limit(portion)))
    if not rows:
        return False
    routine = [row_id for row_id, stage, *message in rows if _is_routine(stage, *message)]
    if routine:
        JourneyStep.delete().where(JourneyStep.id << routine).execute()
    progress.last_step_id = rows[-1][0]
    progress.save()
    return True


def _is_routine(stage: str, role: str, outcome: str | None, status: str) -> bool:
    is_reply = role == Role.ASSISTANT
    went_well = status == MessageStatus.SENT if is_reply else outcome == Outcome.ANSWERED
    return went_well and stage in _ROUTINE
