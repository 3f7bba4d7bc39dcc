from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.conversation.consent import Consent
from moca.core.messages.receipt import Receipt
from moca.core.messages.replies import MessagesEnded
from moca.core.types import Stage
from moca.storage.db.bulk import Insertion
from moca.storage.db.fields import short, storable
from moca.storage.db.tables import JourneyStep

_STEPS = Insertion(
    JourneyStep,
    JourneyStep.message,
    JourneyStep.at,
    JourneyStep.stage,
    JourneyStep.outcome,
    JourneyStep.detail,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterPolicy:
    """The spans by which rows are written."""

    cooldown: timedelta
    dedup: timedelta
    takeover: timedelta
    """How long a person who answered in the Instagram app holds the conversation."""
    replies_per_hour: int = 60
    """Of the bot's messages in the last hour, so many are loaded."""
    window: timedelta = timedelta(hours=24)
    """How long after a contact's message a reply may go."""
    window_for_people: timedelta = timedelta(days=7)
    """How long after it a person's may; and how long after a comment its private reply."""
    consent: Consent = field(default_factory=Consent)
    gives_notice: bool = False
    """Whether anybody outside is told of what a person must look at."""
    may_own: Callable[[str], bool] = lambda _account_id: True
    """Whether an account that is not connected may be the one of the settings."""


@dataclass(slots=True)
class Batch:
    """What one transaction gathers on its way: steps, answers to receipts, events, ends."""

    policy: WriterPolicy
    answers: list[tuple[Receipt, object]] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    ended: list[MessagesEnded] = field(default_factory=list)
    erased: Mapping[str, datetime] = field(default_factory=dict)
    """By their codes, requests that are complete once the log holds nothing of them either."""
    _steps: list[tuple[int, datetime, str, str, str]] = field(default_factory=list)

    def note(
        self, message_id: int, at: datetime, stage: Stage, outcome: str, detail: str = ""
    ) -> None:
        """Add a step to a message's journey; the message must exist until the steps are written."""
        self._steps.append((message_id, at, stage, outcome, detail))

    def answer(self, receipt: Receipt | None, answer: object) -> None:
        """Answer a receipt after the commit."""
        if receipt is not None:
            self.answers.append((receipt, answer))

    def tell(self, *events: object) -> None:
        """Tell what happened after the commit, in this order."""
        self.events.extend(events)

    def write_steps(self, without: Iterable[int] = ()) -> None:
        """Write the steps noted so far, but for these messages."""
        gone = set(without)
        _STEPS.quietly(
            (message_id, at, stage, short(outcome), storable(detail))
            for message_id, at, stage, outcome, detail in self._steps
            if message_id not in gone
        )
        self._steps.clear()
