from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moca.core.outbox.delivery import DeliveryResult, VerificationResult
from moca.core.outbox.queued_reply import Channel, Kind, QueuedReply
from moca.core.types import Author, ContactKey


@dataclass(frozen=True, slots=True)
class FindPending:
    """Look for pending and unsettled items nobody may hold. Sender -> Persistence."""

    limit: int
    """How many there may be over all channels; of each where `only` some accounts are meant."""
    at: datetime
    due_before: datetime
    """Pending items scheduled for later than this are left for a later look."""
    with_recent: bool = True
    """Whether the sends that a limit may still count are wanted too."""
    resting: frozenset[str] = frozenset()
    """The accounts of which nothing is wanted."""
    exhausted: frozenset[Channel] = frozenset()
    """The channels of which nothing is wanted."""
    held: frozenset[int] = frozenset()
    """The items that the sender has in memory."""
    only: frozenset[str] | None = None
    """The accounts of which something is wanted; None wants of all."""


@dataclass(frozen=True, slots=True)
class RecentSend:
    """A send that a limit may still count."""

    contact: ContactKey
    started_at: datetime
    """When it was claimed; the call began a little later."""
    ended_at: datetime | None = None
    """None where nobody wrote down when the call had ended."""
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class RestingAccount:
    """An account that Instagram asked to wait."""

    account_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class UnsettledReply:
    """An item whose last call's fate is not known."""

    reply: QueuedReply
    started_at: datetime
    attempt_ended: bool
    """False while a call of a run that died may be the reason: it was `sending` on disk."""
    may_go_again: bool = True


@dataclass(frozen=True, slots=True)
class PendingFound:
    """Each channel's head by priority and age, and what is unsettled. Persistence -> Sender."""

    replies: tuple[QueuedReply, ...]
    unsettled: tuple[UnsettledReply, ...]
    recent: tuple[RecentSend, ...] | None
    """None where that was not asked for."""
    resting: tuple[RestingAccount, ...] = ()
    is_frozen: bool = False
    """Whether a person said that nothing may go."""
    ends: Mapping[Channel, tuple[int, int]] = field(default_factory=dict, compare=False)
    """Of the channels of which more is on disk, up to which priority and item all is in memory."""
    window: int = field(default=1, compare=False)
    """How many of each channel there may be."""
    only: frozenset[str] | None = None
    """What accounts were asked for; None where all were."""


@dataclass(frozen=True, slots=True)
class ClaimReply:
    """Check once more that it may go, and write `sending`. Sender -> Persistence."""

    reply: QueuedReply
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyClaimed:
    """It is `sending` on disk; the call may be made. Persistence -> Sender."""

    reply: QueuedReply
    at: datetime
    """When that was asked for."""
    known_mids: frozenset[str] = frozenset()
    """The contact's messages already accounted for, where an earlier call may have arrived."""


@dataclass(frozen=True, slots=True)
class ReplyDropped:
    """Cancelled or ended meanwhile. Persistence -> Supervisor -> Sender and Conversation."""

    contact: ContactKey
    item_id: int
    because: str
    is_recalled: bool = False
    """Whether what it was to answer waits again."""


@dataclass(frozen=True, slots=True)
class DeliverReply:
    """Make the call. Sender -> Courier."""

    reply: QueuedReply


@dataclass(frozen=True, slots=True)
class ShowTyping:
    """Show a contact that its messages are seen and answered. Conversation -> Courier."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class DeliveryStarted:
    """The call is being made now. Courier -> Sender."""

    item_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryEnded:
    """The call came to an end. Courier -> Sender."""

    item_id: int
    at: datetime
    result: DeliveryResult


@dataclass(frozen=True, slots=True)
class VerifyDelivery:
    """Look in Instagram's record for a message like this one. Sender -> Courier."""

    reply: QueuedReply
    since: datetime
    known_mids: frozenset[str]
    """Messages already accounted for: an equal text among them proves nothing."""


@dataclass(frozen=True, slots=True)
class DeliveryVerified:
    """What Instagram's record shows. Courier -> Sender."""

    item_id: int
    at: datetime
    result: VerificationResult


@dataclass(frozen=True, slots=True)
class ListKnownMids:
    """Name the messages to a contact that are accounted for. Sender -> Persistence."""

    reply: QueuedReply
    since: datetime


@dataclass(frozen=True, slots=True)
class KnownMidsListed:
    """The answer to it. Persistence -> Sender."""

    reply: QueuedReply
    since: datetime
    mids: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordSent:
    """It arrived. Sender -> Persistence."""

    item_id: int
    mid: str | None
    """None where Instagram gives none, as to a reaction."""
    at: datetime
    because: str
    """How we know: the call's answer, or Instagram's record."""


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """It will never arrive. Sender -> Persistence."""

    item_id: int
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordUnknown:
    """It may have arrived. Sender -> Persistence."""

    item_id: int
    because: str
    at: datetime
    may_go_again: bool = True
    """Whether it is to be sent again if it did not."""


@dataclass(frozen=True, slots=True)
class RecordRetry:
    """It did not arrive and is to be tried again at `retry_at`. Sender -> Persistence."""

    item_id: int
    because: str
    at: datetime
    retry_at: datetime
    is_spent: bool = True
    """False where the account was refused rather than the reply: the attempt does not count, the
    reply keeps its place, and it is the account that rests until `retry_at`."""
    was_called: bool = True
    """False where it was claimed and given back before any call was made."""


@dataclass(frozen=True, slots=True)
class ReplySent:
    """A reply reached its contact. Persistence -> Supervisor -> Sender and Conversation."""

    contact: ContactKey
    item_id: int
    at: datetime
    author: Author = Author.BOT
    is_said: bool = True
    """False where it was no message but a sign put on one."""


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """A reply never will. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    item_id: int
    because: str


@dataclass(frozen=True, slots=True)
class ReplyUnknown:
    """A reply's fate is not known yet. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    item_id: int
    at: datetime
