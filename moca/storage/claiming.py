from collections.abc import Sequence
from datetime import datetime

from moca.core.messages import ClaimReply, ReplyClaimed, ReplyDropped
from moca.core.vocabulary import ItemStatus, MessageStatus, Stage
from moca.storage.batch import Batch, WriterPolicy
from moca.storage.bulk import Update
from moca.storage.cancelling import cancel_items
from moca.storage.items import Item, held_because, hold_items_by_id, is_held
from moca.storage.models import Message, QueueItem

_ITEMS = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.attempts,
    QueueItem.sending_at,
    where="\"status\" = 'pending'",
)
_MESSAGES = Update(Message, Message.status)


def claim_replies(batch: Batch, commands: Sequence[ClaimReply]) -> None:
    """Write `sending` where a reply may go, once; drop it where it may not or went already."""
    items = hold_items_by_id(command.reply.item_id for command in commands)
    claimed = []
    for command in commands:
        item = items.get(command.reply.item_id)
        refused = _refused_because(item, command.at, batch.policy)
        if item is not None and _is_claimed_already(item, command):
            batch.tell(ReplyClaimed(item.reply()))
            continue
        if item is None or item.status != ItemStatus.PENDING:
            batch.tell(ReplyDropped(command.reply.contact, command.reply.item_id, refused or ""))
            continue
        if refused is None:
            claimed.append((item, command.at))
            _announce(batch, item, command.at)
            items[item.id] = item._replace(
                status=ItemStatus.SENDING, attempts=item.attempts + 1, sending_at=command.at
            )
        else:
            cancel_items(batch, [item], refused, command.at, failed=not item.is_by_bot)
            items[item.id] = item._replace(status=ItemStatus.CANCELLED)
    _write(claimed)


def _is_claimed_already(item: Item, command: ClaimReply) -> bool:
    """Tell whether this very claim was carried out before; its answer may have been lost."""
    return item.status == ItemStatus.SENDING and item.sending_at == command.at


def _refused_because(item: Item | None, at: datetime, policy: WriterPolicy) -> str | None:
    if item is None:
        return "the reply is gone"
    if item.status != ItemStatus.PENDING:
        return f"the reply is already {item.status}"
    if item.is_by_bot and is_held(item.conversation_status, item.held_until, at):
        return held_because(item.conversation_status)
    opened_at = item.window_opened_at
    if opened_at is None or at > opened_at + policy.window:
        return f"the {policy.window.total_seconds() / 3600:g} h window is shut"
    return None


def _announce(batch: Batch, item: Item, at: datetime) -> None:
    attempt = item.attempts + 1
    batch.note(item.message_id, at, Stage.SENDING, "claimed", f"attempt {attempt}")
    batch.tell(ReplyClaimed(item.reply(attempts=attempt)))


def _write(claimed: Sequence[tuple[Item, datetime]]) -> None:
    _ITEMS.each((ItemStatus.SENDING, item.attempts + 1, at, item.id) for item, at in claimed)
    _MESSAGES.each((MessageStatus.SENDING, item.message_id) for item, _ in claimed)
