from moca.core.explanations import UnansweredMessage, would_have_answered
from moca.core.types import Outcome, Stage
from moca.storage.queries.journeys import EarlierMessages, JourneyRecord, read_before
from moca.web.config import WebConfig

_ANSWERED = frozenset({None, Outcome.ANSWERED})


def what_would_have_answered(journey: JourneyRecord, config: WebConfig) -> str:
    """Explain what would have led to a reply; empty if there was one, or nothing would have.

    Reads the database, which must be connected. What would have led to one is told by the settings
    of the account's bot as they are now.
    """
    message = journey.message
    if message.outcome is None or message.outcome in _ANSWERED or not journey.steps:
        return ""
    ended = [step.at for step in journey.steps if step.stage is Stage.OUTCOME]
    ended_at = ended[-1] if ended else journey.steps[-1].at
    before: EarlierMessages = read_before(message, ended_at)
    silence = UnansweredMessage(
        outcome=message.outcome,
        reason=message.reason,
        arrived_at=message.created_at,
        ended_at=ended_at,
        first_at=before.first_at,
        bot_replied_at=before.bot_replied_at,
        person_wrote_at=before.person_wrote_at,
    )
    return would_have_answered(silence, config.policy_of(message.contact.account_id))
