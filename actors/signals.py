"""Messages that only the runtime sends to actors: timers, and commands of the system."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SweepDue:
    """A sweep for unclaimed work is due. Timers -> Supervisor, Sender."""


@dataclass(frozen=True, slots=True)
class PageDue:
    """The next page of waiting conversations may be loaded. Timers -> Supervisor."""


@dataclass(frozen=True, slots=True)
class RecheckOutbox:
    """A reply may have become sendable. Timers -> Sender."""


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """A check for expiring access tokens is due. Timers -> TokenRefreshActor."""


@dataclass(frozen=True, slots=True)
class SyncProfiles:
    """A check for accounts with outdated profiles is due. Timers -> ProfileSyncActor."""


@dataclass(frozen=True, slots=True)
class NamesDue:
    """A look for contacts without a name is due. Timers -> ContactNamesActor."""


@dataclass(frozen=True, slots=True)
class FindMissingMessages:
    """A look for missing messages is due. Timers -> MissingMessagesActor."""


@dataclass(frozen=True, slots=True)
class RetentionDue:
    """Erasing a portion of expired data is due. Timers -> RetentionActor."""


@dataclass(frozen=True, slots=True)
class IndexingDue:
    """A look for words to index is due. Timers -> SearchIndexActor."""


@dataclass(frozen=True, slots=True)
class ReconciliationDue:
    """A check for accounts to compare is due. Timers -> ReconciliationActor."""


@dataclass(frozen=True, slots=True)
class ReadNextPage:
    """The next read of Instagram's record may be made. Timers -> ReconciliationActor."""


@dataclass(frozen=True, slots=True)
class NotificationsDue:
    """A look for pending notifications is due. Timers -> NotificationActor."""


@dataclass(frozen=True, slots=True)
class PushesDue:
    """A look for push messages, or a delivery, is due. Timers -> PushActor."""


@dataclass(frozen=True, slots=True)
class FeedDeliveriesDue:
    """A look for events, or the next delivery, is due. Timers -> SubscriberActor."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The gathered commands belong in one transaction. Persistence, Timers -> Persistence."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Begin nothing new; return what was claimed and not yet called. System -> Sender."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer with your problem, by name, after all earlier messages. System -> any singleton."""


@dataclass(frozen=True, slots=True)
class CountLive:
    """Answer how many conversations are in memory. System -> Supervisor."""
