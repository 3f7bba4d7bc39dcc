from dataclasses import dataclass
from datetime import datetime

from moca.core.messages.command import AwaitedCommand, Command
from moca.core.metrics import Metric
from moca.core.notifications import Notification


@dataclass(frozen=True, slots=True)
class EraseOnDeletionRequest(AwaitedCommand):
    """Erase the data of a user named by Meta. Web -> Persistence."""

    user_id: str
    """The app-specific id of an account's owner, or a contact's id."""
    code: str
    """The code with which the user can check the progress."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ApplyRetention(Command):
    """Erase one batch of data whose retention has ended. Housekeeper -> Persistence."""

    at: datetime
    delete_before: datetime | None
    """Conversations that ended earlier are deleted; None keeps all."""
    portion: int
    """The maximum number of rows per table in one transaction."""
    delete_audit_entries_before: datetime | None = None
    """Audit entries before this instant are deleted; None keeps all."""
    delete_feed_events_before: datetime | None = None
    """Events of the feed before this instant are deleted; None keeps all."""
    delete_webhooks_before: datetime | None = None
    """Bodies before this instant whose messages are done are deleted; None keeps all."""
    condense_journeys_before: datetime | None = None
    """Journeys of answered messages before this instant are condensed; None keeps all steps."""


@dataclass(frozen=True, slots=True)
class HoldRestored(Command):
    """Hold back whatever may have been sent since the backup was made. Restore -> Writer."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RetentionApplied:
    """A batch is done. Persistence -> Housekeeper."""

    has_more: bool


@dataclass(frozen=True, slots=True)
class IndexWords(Command):
    """Make the next batch of texts and names searchable. SearchIndexActor -> Persistence."""

    portion: int
    """How many new rows of each table at most."""


@dataclass(frozen=True, slots=True)
class WordsIndexed:
    """A batch is searchable. Persistence -> SearchIndexActor."""

    has_more: bool
    percent: int
    """How much of the messages is searchable."""


@dataclass(frozen=True, slots=True)
class NotificationStored:
    """A notification has been stored for sending. Persistence -> Notifier."""


@dataclass(frozen=True, slots=True)
class FindNotifications(Command):
    """Find notifications that are due. Notifier -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class NotificationsFound:
    """The notifications that are due, oldest first. Persistence -> Notifier."""

    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True)
class RecordNotification(Command):
    """Record the result of an attempt to send a notification. Notifier -> Persistence."""

    notification_id: int
    at: datetime
    fault: str = ""
    """Empty if it arrived."""
    retry_at: datetime | None = None
    """None if there is no further attempt."""


@dataclass(frozen=True, slots=True)
class RecordBudgetSpent(Command):
    """Notify people, once a day, that the model's budget is spent. Responder -> Persistence."""

    because: str
    at: datetime
    account_id: str = ""
    """Of which account; empty for the budget of all."""


@dataclass(frozen=True, slots=True)
class RecordMetrics(Command):
    """Store the metrics of completed minutes. Observation -> Persistence."""

    metrics: tuple[Metric, ...]
    at: datetime
    key: str
    """Unique to this command, so that a repeated commit adds its counts only once."""
