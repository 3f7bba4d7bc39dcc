from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.delivery import ReplyUnknown
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.types import (
    Author,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Outcome,
    Role,
    Stage,
)
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Conversation, Message, QueueItem
from moca.storage.messages.outcomes import inputs_of
from moca.storage.outbox.items import hold_items
from moca.storage.outbox.sent import ArrivedReply
from moca.storage.unit_of_work import Batch

_BY_MID = Selection(
    lambda: Message.select(
        Message.id,
        Message.conversation,
        Message.role,
        Message.author,
        Message.created_at,
        Message.account_id,
        Message.mid,
    ).where(Message.kind == "message"),
    Message.mid,
)


class _Holder(NamedTuple):
    message_id: int
    conversation_id: int
    role: str
    author: str
    created_at: datetime


def free_mids(batch: Batch, arrived: Sequence[ArrivedReply]) -> list[ArrivedReply]:
    """Free the mids of sent replies that other rows hold; drop replies whose mid cannot be freed.

    A message from the app with such a mid was the reply's own echo, not recognised on arrival. If
    another reply has the mid, the echo was attributed to it because both have the same text.
    """
    holders = _holders(each.mid for each in arrived if each.mid is not None)
    named: dict[tuple[str, str], int] = {}
    free = []
    for each in arrived:
        key = each.item.account_id, each.mid or ""
        holder = holders.get(key)
        first = named.setdefault(key, each.item.id) == each.item.id or each.mid is None
        is_other = holder is not None and holder.message_id != each.item.message_id
        if first and (holder is None or not is_other or _freed(batch, each, holder)):
            free.append(each)
    return free


def _freed(batch: Batch, arrived: ArrivedReply, holder: _Holder) -> bool:
    if holder.role == Role.USER:
        return False
    if holder.author == Author.HUMAN:
        _merge(batch, arrived, holder)
        return True
    if arrived.item.status != ItemStatus.SENDING:
        return False
    _unconfirmed(batch, holder.message_id, arrived.at)
    return True


def _merge(batch: Batch, arrived: ArrivedReply, holder: _Holder) -> None:
    item = arrived.item
    batch.write_steps()
    Message.delete().where(Message.id == holder.message_id).execute()
    batch.publish(FeedEvent(FeedKind.MESSAGE_REMOVED, arrived.at, holder.message_id))
    QueueItem.update(echoed_at=holder.created_at).where(QueueItem.id == item.id).execute()
    batch.note(item.message_id, arrived.at, Stage.DELIVERY, "echoed", "matched afterwards")
    took_until = holder.created_at + batch.policy_of(item.account_id).takeover
    is_held_by_it = (
        (Conversation.id == holder.conversation_id)
        & (Conversation.status == ConversationStatus.HUMAN.value)
        & (Conversation.held_until == took_until)
    )
    opened = Conversation.update(status=ConversationStatus.OPEN.value, held_until=None)
    if opened.where(is_held_by_it).execute():
        conversation = item.contact, holder.conversation_id
        batch.tell_changed(
            ConversationChanged(*conversation, ConversationStatus.OPEN, None), arrived.at
        )


def _unconfirmed(batch: Batch, message_id: int, at: datetime) -> None:
    (other,) = hold_items(QueueItem.message == message_id)
    because = "its confirmation belonged to another reply"
    QueueItem.update(
        status=ItemStatus.UNKNOWN.value, because=because, sent_at=None, echoed_at=None
    ).where(QueueItem.id == other.id).execute()
    Message.update(
        status=MessageStatus.UNKNOWN.value, because=because, mid=None, sent_at=None
    ).where(Message.id == message_id).execute()
    answered = inputs_of([message_id], [Outcome.ANSWERED.value])[message_id]
    Message.update(outcome=None, because="", reason=None).where(Message.id << answered).execute()
    for each in (message_id, *answered):
        batch.note(each, at, Stage.SETTLING, "unknown", because)
    batch.publish(FeedEvent(FeedKind.MESSAGE_UNCONFIRMED, at, message_id))
    batch.tell(ReplyUnknown(other.contact, other.id, at))


def _holders(mids: Iterable[str]) -> dict[tuple[str, str], _Holder]:
    return {
        (account_id, mid): _Holder(*holder)
        for *holder, account_id, mid in _BY_MID.among(sorted(set(mids)))
    }
