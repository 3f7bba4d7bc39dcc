from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.background.contact_names import ContactNamesActor, UnnamedContacts
from actors.background.notifications import NotificationActor, NotificationSender
from actors.background.profile_sync import ProfileSync, ProfileSyncActor
from actors.background.pushes import PushActor, PushSender
from actors.background.reconciliation import ReconciliationActor, ReconciliationConfig
from actors.background.retention import RetentionActor, RetentionPeriods
from actors.background.search_index import SearchIndexActor
from actors.background.subscribers import SubscriberActor, SubscriberPort
from actors.background.token_refresh import TokenRefresh, TokenRefreshActor
from actors.limited_reads import SharedReads
from actors.routes import Recipient
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import Timers
from actors.signals import (
    FeedDeliveriesDue,
    IndexingDue,
    NamesDue,
    PushesDue,
    ReconciliationDue,
    RefreshTokens,
    RetentionDue,
    SyncProfiles,
)
from moca.core.messages.command import Command
from moca.core.messages.conversation import ReadName
from moca.core.messages.housekeeping import NotificationStored
from moca.core.outbox.account_rests import AccountRests


@dataclass(frozen=True, slots=True)
class BackgroundConfig:
    """Which background jobs run; none by default, as in most tests."""

    tokens: TokenRefresh | None = None
    """None if no account tokens are stored, so that none are refreshed."""
    erases: bool = False
    """Whether data past its retention is erased, in portions."""
    periods: RetentionPeriods = field(default_factory=RetentionPeriods)
    """How long each kind of data is kept."""
    profiles: ProfileSync | None = None
    """None if no account gets ice breakers or a menu."""
    post: NotificationSender | None = None
    """Sends notifications to the outside; None if notifications are off."""
    pushes: PushSender | None = None
    """Delivers push messages to browsers; None if the extra is not installed."""
    subscribers: SubscriberPort | None = None
    """Delivers events to subscribers; None if none are."""
    unnamed: UnnamedContacts | None = None
    """None if names are read only when a contact writes."""
    indexes: bool = False
    """Whether new messages and names are made searchable."""
    comparing: ReconciliationConfig | None = None
    """None if nothing looks for messages that never arrive."""


class BackgroundJobs:
    """The actors that refresh tokens, clean the database and send notifications."""

    def __init__(
        self,
        background: BackgroundConfig,
        *,
        dispatchers: Dispatchers,
        reads: SharedReads,
        rests: AccountRests,
        call: Callable[[ReadName], None],
        record: Callable[[Command], None],
        timers: Timers,
        escalate: Callable[[BaseException], None] | None,
    ) -> None:
        common: dict[str, Any] = {"record": record, "timers": timers, "escalate": escalate}
        self._refs: list[Ref[Any]] = []
        self._first: list[tuple[Ref[Any], object]] = []
        self.recipients: dict[Recipient, Ref[Any]] = {}
        """The jobs that events are routed to."""
        if background.tokens is not None:
            tokens = TokenRefreshActor.start_on(
                dispatchers.readers, tokens=background.tokens, **common
            )
            self._begin(tokens, RefreshTokens())
        if background.profiles is not None:
            profiles = ProfileSyncActor.start_on(
                dispatchers.readers, profiles=background.profiles, **common
            )
            self._begin(profiles, SyncProfiles())
        if background.unnamed is not None:
            names = ContactNamesActor.start_on(
                dispatchers.readers,
                unnamed=background.unnamed,
                call=call,
                reads=reads,
                rests=rests,
                timers=timers,
                escalate=escalate,
            )
            self._begin(names, NamesDue())
        if background.erases:
            retention = RetentionActor.start_on(
                dispatchers.shared,
                periods=background.periods,
                **common,
            )
            self._begin(retention, RetentionDue(), Recipient.RETENTION)
        if background.indexes:
            search_index = SearchIndexActor.start_on(dispatchers.shared, **common)
            self._begin(search_index, IndexingDue(), Recipient.SEARCH_INDEX)
        if background.comparing is not None:
            reconciliation = ReconciliationActor.start_on(
                dispatchers.readers, comparing=background.comparing, reads=reads, **common
            )
            self._begin(reconciliation, ReconciliationDue(), Recipient.RECONCILIATION)
        if background.post is not None:
            notifications = NotificationActor.start_on(
                dispatchers.readers, post=background.post, **common
            )
            self._begin(notifications, NotificationStored(), Recipient.NOTIFICATIONS)
        if background.pushes is not None:
            pushes = PushActor.start_on(dispatchers.readers, pushes=background.pushes, **common)
            self._begin(pushes, PushesDue(), Recipient.PUSHES)
        if background.subscribers is not None:
            subscribers = SubscriberActor.start_on(
                dispatchers.readers, subscribers=background.subscribers, **common
            )
            self._begin(subscribers, FeedDeliveriesDue())

    def _begin(self, job: Ref[Any], first: object, recipient: Recipient | None = None) -> None:
        self._refs.append(job)
        self._first.append((job, first))
        if recipient is not None:
            self.recipients[recipient] = job

    def open(self) -> None:
        """Begin the jobs, once the answers to what they record are routed to them."""
        for job, first in self._first:
            job.tell(first)

    def stop(self) -> None:
        """Stop the jobs; work under way completes."""
        for ref in self._refs:
            ref.stop(block=False)
