import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.feed import FeedEvent, conversation_event
from moca.core.messages.command import Receipt
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import MessagesEnded
from moca.core.policy import ConversationPolicy, PolicyOf, same_for_all
from moca.core.reply_window import BOT_WINDOW, OPERATOR_WINDOW
from moca.core.types import Stage
from moca.storage.db.bulk import Insertion
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.fields import short, storable
from moca.storage.db.tables import JourneyStep
from moca.storage.uploads.retention import UploadRetention

_STEPS = Insertion(
    JourneyStep,
    JourneyStep.message,
    JourneyStep.at,
    JourneyStep.stage,
    JourneyStep.outcome,
    JourneyStep.detail,
)
_FEED = Insertion(
    StoredFeedEvent,
    StoredFeedEvent.kind,
    StoredFeedEvent.at,
    StoredFeedEvent.message_id,
    StoredFeedEvent.conversation_id,
    StoredFeedEvent.account_id,
    StoredFeedEvent.detail,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterPolicy:
    """The settings by which rows are written."""

    policy_of: PolicyOf = field(default_factory=lambda: same_for_all(ConversationPolicy()))
    refresh_bots: Callable[[], None] = lambda: None
    """Makes `policy_of` return what is published; called with the writer's connection."""
    window: timedelta = BOT_WINDOW
    """How long after a contact's message a reply of the bot is allowed."""
    operator_window: timedelta = OPERATOR_WINDOW
    """The same for an operator's reply, and for a private reply after its comment."""
    stores_notification: bool = False
    """Whether notifications are sent, and so are to be stored."""
    uploads: UploadRetention = field(default_factory=UploadRetention, compare=False)
    may_own: Callable[[str], bool] = lambda _account_id: True
    """Whether an account that is not connected may be the one in the settings."""


@dataclass(slots=True)
class Batch:
    """What one transaction collects: journey steps, receipts' answers, events and outcomes."""

    policy: WriterPolicy
    answers: list[tuple[Receipt, object]] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    ended: list[MessagesEnded] = field(default_factory=list)
    erased: Mapping[str, datetime] = field(default_factory=dict)
    """When deletion requests were found to be complete, by code; recorded once the log of the
    database holds nothing of them either."""
    has_new_bots: bool = False
    """Whether accounts may be answered by other bots or versions after the commit."""
    _steps: list[tuple[int, datetime, str, str, str]] = field(default_factory=list)
    _published: list[FeedEvent] = field(default_factory=list)

    def policy_of(self, account_id: str) -> ConversationPolicy:
        """Return the policy of an account's bot."""
        return self.policy.policy_of(account_id)

    def note(
        self, message_id: int, at: datetime, stage: Stage, outcome: str, detail: str = ""
    ) -> None:
        """Add a step to a message's journey. The message must exist when the steps are written."""
        self._steps.append((message_id, at, stage, outcome, detail))

    def answer(self, receipt: Receipt | None, answer: object) -> None:
        """Resolve a receipt after the commit."""
        if receipt is not None:
            self.answers.append((receipt, answer))

    def tell(self, *events: object) -> None:
        """Publish events after the commit, in this order."""
        self.events.extend(events)

    def publish(self, *events: FeedEvent) -> None:
        """Add events to the feed, in this order; they are committed with what they are about."""
        self._published.extend(events)

    def write_feed(self) -> None:
        """Write the events published so far."""
        _FEED.quietly(map(_feed_row, self._published))
        self._published.clear()

    def tell_changed(self, changed: ConversationChanged, at: datetime) -> None:
        """Publish, within Moca and in the feed, who may answer in a conversation from now on."""
        self.tell(changed)
        self.publish(conversation_event(changed, at))

    def write_steps(self, without: Iterable[int] = ()) -> None:
        """Write the steps added so far, except for these messages."""
        gone = set(without)
        _STEPS.quietly(
            (message_id, at, stage, short(outcome), storable(detail))
            for message_id, at, stage, outcome, detail in self._steps
            if message_id not in gone
        )
        self._steps.clear()


def _feed_row(event: FeedEvent) -> tuple[object, ...]:
    detail = storable(json.dumps(event.detail, ensure_ascii=False)) if event.detail else None
    return (
        event.kind,
        event.at,
        event.message_id,
        event.conversation_id,
        event.account_id,
        detail,
    )
