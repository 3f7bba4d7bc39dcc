from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto

import structlog

from moca.core.messages.accounts import AccountChanged
from moca.core.messages.cluster import ContactChanged
from moca.core.messages.delivery import (
    KnownMessagesListed,
    PendingFound,
    ReplyClaimed,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
    ReplyUnknown,
)
from moca.core.messages.housekeeping import (
    NotificationsFound,
    NotificationStored,
    RetentionApplied,
    WordsIndexed,
)
from moca.core.messages.inbound import (
    MessageArrived,
    MessageEdited,
    MessageErased,
    MessagesMissing,
)
from moca.core.messages.operator_actions import ContactErased, ConversationChanged, FreezeChanged
from moca.core.messages.push import PushesTaken
from moca.core.messages.reconciliation import ArrivalsCounted, MessagesMissed, ReconciliationsDue
from moca.core.messages.replies import (
    MessagesEnded,
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
)


class Recipient(Enum):
    """Who receives an event, besides the observers, which see every event."""

    SUPERVISOR = auto()
    """Passes it on to its contact's conversation."""
    SENDER = auto()
    MISSING_MESSAGES = auto()
    RETENTION = auto()
    SEARCH_INDEX = auto()
    RECONCILIATION = auto()
    NOTIFICATIONS = auto()
    PUSHES = auto()
    OBSERVERS_ONLY = auto()


_RECIPIENTS: Mapping[type, Recipient] = {
    ReplyClaimed: Recipient.SENDER,
    PendingFound: Recipient.SENDER,
    KnownMessagesListed: Recipient.SENDER,
    AccountChanged: Recipient.SENDER,
    FreezeChanged: Recipient.SENDER,
    MessagesMissing: Recipient.MISSING_MESSAGES,
    RetentionApplied: Recipient.RETENTION,
    WordsIndexed: Recipient.SEARCH_INDEX,
    ArrivalsCounted: Recipient.RECONCILIATION,
    ReconciliationsDue: Recipient.RECONCILIATION,
    NotificationStored: Recipient.NOTIFICATIONS,
    NotificationsFound: Recipient.NOTIFICATIONS,
    PushesTaken: Recipient.PUSHES,
    MessagesEnded: Recipient.OBSERVERS_ONLY,
    MessagesMissed: Recipient.OBSERVERS_ONLY,
}

ALSO_FOR_SENDER = (ReplyQueued, ReplySent, ReplyFailed, ReplyDropped)
"""Events that the supervisor passes on to the sender, too."""

FOR_OWNER = (
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
    ReplySent,
    ReplyFailed,
    ReplyUnknown,
    ReplyDropped,
    ConversationChanged,
    ContactErased,
    ContactChanged,
)
"""Events that a cluster passes to the node that owns the contact."""
FOR_OWNER_WITHOUT_CONTENT = (MessageArrived, MessageEdited, MessageErased)
"""Passed there as `ContactChanged`: the owner reads the rows."""
FOR_SENDING_NODE = (*ALSO_FOR_SENDER, AccountChanged, FreezeChanged)
"""Events that a cluster passes to the node that sends."""


def recipient_of(event: object) -> Recipient:
    """Return who receives an event; without an entry in the table, the supervisor."""
    return _RECIPIENTS.get(type(event), Recipient.SUPERVISOR)


log = structlog.get_logger()


def observe_all(observers: Iterable[Callable[[object], None]], event: object) -> None:
    """Pass an event to every observer; an observer's exception is logged and stops no other."""
    for observe in observers:
        try:
            observe(event)
        except Exception:
            log.exception("observer_failed", event_type=type(event).__name__)
