from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from moca.core.accounts import REMOVED
from moca.core.messages.delivery import ClaimReply, ReplyClaimed, ReplyDropped
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.outbox.delivery import NOTHING_KNOWN
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.accounts.ownership import removed_among
from moca.storage.db.bulk import Update
from moca.storage.db.tables import Message, QueueItem
from moca.storage.handlers import handles
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.freeze import is_frozen
from moca.storage.outbox.items import OutboxItem, earlier_parts, hold_items_by_id
from moca.storage.outbox.pending import known_messages
from moca.storage.outbox.reply_windows import refused_because, with_own_windows
from moca.storage.unit_of_work import Batch, WriterPolicy

_ITEMS = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.attempts,
    QueueItem.sending_at,
    where="\"status\" = 'pending'",
)
_MESSAGES = Update(Message, Message.status)


@handles(ClaimReply)
def claim_replies(batch: Batch, commands: Sequence[ClaimReply]) -> None:
    """Mark replies as `sending`, each once; drop those that may not be sent or have ended."""
    items = hold_items_by_id(command.reply.item_id for command in commands)
    removed = removed_among(item.account_id for item in items.values())
    if is_frozen():
        # The news of it may have been lost: told again before the claims, which are given back.
        batch.tell(FreezeChanged(is_frozen=True))
    claims = _Claims(batch, with_own_windows(items), earlier_parts(items.values()), removed)
    for command in commands:
        claims.consider(command)
    _write(claims.claimed)


@dataclass(slots=True)
class _Claims:
    batch: Batch
    items: dict[int, OutboxItem]
    earlier: Mapping[int, Sequence[str]]
    """The statuses of the unsent parts before each part, by item id."""
    removed: Collection[str]
    """The accounts of these items that were removed."""
    claimed: list[tuple[OutboxItem, datetime]] = field(default_factory=list)

    def consider(self, command: ClaimReply) -> None:
        item, at = self.items.get(command.reply.item_id), command.at
        if item is not None and _is_claimed_already(item, command):
            self.batch.tell(_reply_claimed(item, at, self.batch.policy))
            return
        waits = _waits_because(item, self.earlier)
        if item is None or waits is not None:
            reply = command.reply
            self.batch.tell(ReplyDropped(reply.contact, reply.item_id, waits or ""))
            return
        is_removed = item.account_id in self.removed
        refused = REMOVED if is_removed else refused_because(item, at, self.batch.policy)
        if refused is None and self.earlier.get(item.id):
            refused = "an earlier part of the reply is unconfirmed"
        if refused is None:
            self._claim(item, at)
        else:
            self._drop(item, refused, at)

    def _claim(self, item: OutboxItem, at: datetime) -> None:
        self.claimed.append((item, at))
        _announce(self.batch, item, at)
        attempts = item.attempts + 1
        self.items[item.id] = item._replace(
            status=ItemStatus.SENDING, attempts=attempts, sending_at=at
        )

    def _drop(self, item: OutboxItem, because: str, at: datetime) -> None:
        outcome = Outcome.FAILED if self.earlier.get(item.id) else None
        failed = not item.is_by_bot
        cancel_items(self.batch, [item], because, at, failed=failed, outcome=outcome)
        self.items[item.id] = item._replace(status=ItemStatus.CANCELLED)


def _is_claimed_already(item: OutboxItem, command: ClaimReply) -> bool:
    """Return whether this same claim was carried out before; its answer may have been lost."""
    return item.status == ItemStatus.SENDING and item.sending_at == command.at


def _waits_because(item: OutboxItem | None, earlier: Mapping[int, Sequence[str]]) -> str | None:
    if item is None:
        return "the reply no longer exists"
    if item.status != ItemStatus.PENDING:
        return f"the reply is already {item.status}"
    if {ItemStatus.PENDING, ItemStatus.SENDING} & set(earlier.get(item.id, ())):
        return "an earlier part of the reply has not been sent"
    return None


def _reply_claimed(item: OutboxItem, at: datetime, policy: WriterPolicy) -> ReplyClaimed:
    opened_at = item.window_opened_at
    is_late = opened_at is not None and at > opened_at + policy.window
    way = ReplyAddress(comment_id=item.comment_id, is_late=is_late and item.comment_id is None)
    reply, since = replace(item.reply(), way=way), item.unconfirmed_since
    known = NOTHING_KNOWN if since is None else known_messages(item.contact, item.message_id)
    return ReplyClaimed(reply, at, known)


def _announce(batch: Batch, item: OutboxItem, at: datetime) -> None:
    attempt = item.attempts + 1
    claimed = _reply_claimed(item._replace(attempts=attempt), at, batch.policy)
    detail = f"attempt {attempt}" + (", as a human agent" if claimed.reply.way.is_late else "")
    batch.note(item.message_id, at, Stage.SENDING, "claimed", detail)
    batch.tell(claimed)


def _write(claimed: Sequence[tuple[OutboxItem, datetime]]) -> None:
    _ITEMS.each((ItemStatus.SENDING, item.attempts + 1, at, item.id) for item, at in claimed)
    _MESSAGES.each((MessageStatus.SENDING, item.message_id) for item, _ in claimed)
