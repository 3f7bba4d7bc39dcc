from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.command import Command
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.delivery import (
    NOTHING_KNOWN,
    DeliveryResult,
    KnownMessages,
    Obstacle,
    VerificationResult,
)
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyKind
from moca.core.types import Author, ContactKey


def _nothing(now: datetime) -> None:
    """Hold no call back."""


@dataclass(frozen=True, slots=True)
class FindPending(Command):
    """Find pending and unconfirmed items that are not in memory. Sender -> Persistence."""

    limit: int
    """The maximum over all channels; per channel if `only` names accounts."""
    at: datetime
    due_before: datetime
    """Pending items scheduled for later are skipped."""
    with_recent: bool = True
    """Whether to return the sends that a limit may still count."""
    resting: frozenset[str] = frozenset()
    """The accounts to skip."""
    exhausted: frozenset[Channel] = frozenset()
    """The channels to skip."""
    held: frozenset[int] = frozenset()
    """The items that the sender already has in memory."""
    only: frozenset[str] | None = None
    """The accounts to search; None searches all."""
    is_sweep: bool = True
    """Whether to release and end what is held, and to cut waits that a clock set back has made too
    long, before anything is read."""


@dataclass(frozen=True, slots=True)
class RecentSend:
    """A send that a limit may still count."""

    contact: ContactKey
    started_at: datetime
    """When it was claimed; the call began a little later."""
    ended_at: datetime | None = None
    """None if the end of the call was not recorded."""
    kind: ReplyKind = ReplyKind.TEXT


@dataclass(frozen=True, slots=True)
class UnsettledReply:
    """An unconfirmed send: an item whose last call has an unknown outcome."""

    reply: QueuedReply
    started_at: datetime
    attempt_ended: bool
    """False if a crashed run may have been in the call: the item was `sending` on disk."""
    may_go_again: bool = True


@dataclass(frozen=True, slots=True)
class PendingFound:
    """Each channel's first items by priority and age, and unconfirmed sends.

    Persistence -> Sender.
    """

    replies: tuple[QueuedReply, ...]
    unsettled: tuple[UnsettledReply, ...]
    recent: tuple[RecentSend, ...] | None
    """None if they were not requested."""
    resting: tuple[RestingAccount, ...] = ()
    is_frozen: bool = False
    """Whether an operator has frozen the queue."""
    ends: Mapping[Channel, tuple[int, int]] = field(default_factory=dict, compare=False)
    """For channels with more on disk, the priority and item up to which all is in memory."""
    window: int = field(default=1, compare=False)
    """The maximum number of items per channel."""
    only: frozenset[str] | None = None
    """The accounts that were searched; None if all were."""


@dataclass(frozen=True, slots=True)
class ClaimReply(Command):
    """Check again that the reply may be sent, and write `sending`. Sender -> Persistence."""

    reply: QueuedReply
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyClaimed:
    """The reply is `sending` on disk; the call may be made. Persistence -> Sender."""

    reply: QueuedReply
    at: datetime
    """When the claim was requested."""
    known: KnownMessages = NOTHING_KNOWN
    """What is stored of the thread, if an earlier call may have arrived."""


@dataclass(frozen=True, slots=True)
class ReplyDropped:
    """The reply was cancelled or has ended.

    Persistence -> Supervisor -> Sender and Conversation.
    """

    contact: ContactKey
    item_id: int
    because: str
    is_recalled: bool = False
    """Whether the messages it was to answer wait again."""


@dataclass(frozen=True, slots=True)
class DeliverReply:
    """Make the call. Sender -> Courier."""

    reply: QueuedReply
    obstacle: Callable[[datetime], Obstacle | None] = field(
        default=_nothing, compare=False, repr=False
    )
    """Asked directly before the call, on the courier's thread: the account may rest by now, or
    another node may have taken over sending."""


@dataclass(frozen=True, slots=True)
class ShowTyping:
    """Mark a contact's messages as seen and show typing. Conversation -> Courier."""

    contact: ContactKey


@dataclass(frozen=True, slots=True)
class DeliveryStarted:
    """The call has begun. Courier -> Sender."""

    item_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryEnded:
    """The call has ended. Courier -> Sender."""

    item_id: int
    at: datetime
    result: DeliveryResult
    account_id: str


@dataclass(frozen=True, slots=True)
class VerifyDelivery:
    """Search Instagram's record for this reply. Sender -> Courier."""

    reply: QueuedReply
    since: datetime
    known: KnownMessages


@dataclass(frozen=True, slots=True)
class DeliveryVerified:
    """The result of a search of Instagram's record. Courier -> Sender."""

    item_id: int
    at: datetime
    result: VerificationResult


@dataclass(frozen=True, slots=True)
class ListKnownMessages(Command):
    """List what is stored of the thread of a reply. Sender -> Persistence."""

    reply: QueuedReply
    since: datetime


@dataclass(frozen=True, slots=True)
class KnownMessagesListed:
    """The answer to `ListKnownMessages`. Persistence -> Sender."""

    reply: QueuedReply
    since: datetime
    known: KnownMessages


@dataclass(frozen=True, slots=True)
class RecordSent(Command):
    """Record that a reply arrived. Sender -> Persistence."""

    item_id: int
    mid: str | None
    """None if Instagram returns none, as for a reaction."""
    at: datetime
    because: str
    """How this is known: from the call's response or from Instagram's record."""


@dataclass(frozen=True, slots=True)
class RecordFailed(Command):
    """Record that a reply will never arrive. Sender -> Persistence."""

    item_id: int
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordUnknown(Command):
    """Record that a reply may have arrived. Sender -> Persistence."""

    item_id: int
    because: str
    at: datetime
    may_go_again: bool = True
    """Whether to send it again if it did not arrive."""


@dataclass(frozen=True, slots=True)
class RecordRetry(Command):
    """Record that a reply did not arrive, to be tried again at `retry_at`.

    Sender -> Persistence.
    """

    item_id: int
    because: str
    at: datetime
    retry_at: datetime
    is_spent: bool = True
    """False if the account was refused, not the reply: the attempt does not count, the reply keeps
    its place, and the account is rate limited until `retry_at`."""
    was_called: bool = True
    """False if it was claimed and given back before any call was made."""
    needs_operator: bool = False
    """Whether the account sends nothing until an operator acts."""
    resting_account: str | None = None
    """The account that rests until `retry_at`, even if the reply is erased meanwhile."""


@dataclass(frozen=True, slots=True)
class ReplySent:
    """A reply reached its contact. Persistence -> Supervisor -> Sender and Conversation."""

    contact: ContactKey
    item_id: int
    at: datetime
    author: Author = Author.BOT
    is_said: bool = True
    """False for a reaction, which is not a message."""
    is_repeated: bool = False
    """Whether it was stored before: Instagram's answer and the echo both report it."""


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """A reply will never arrive. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    item_id: int
    because: str


@dataclass(frozen=True, slots=True)
class ReplyUnknown:
    """A reply has an unknown outcome. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    item_id: int
    at: datetime
