from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.delivery import ReplySent
from moca.core.policy import PolicyOf
from moca.core.types import Author, ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.tables import Conversation, Message, QueueItem
from moca.storage.messages.contact_conversations import latest, note_teammate_reply
from moca.storage.messages.outcomes import Conclusion, inputs_of, write_conclusions
from moca.storage.outbox.items import OutboxItem
from moca.storage.unit_of_work import Batch

_CONVERSATIONS = Update(
    Conversation,
    Conversation.last_bot_message_at,
    Conversation.last_activity_at,
    Conversation.cooldown_until,
)

_Instants = tuple[datetime | None, datetime, datetime | None]


class SentReplies:
    """Collects the effects of sent replies on their conversations; timestamps never move back."""

    def __init__(self, policy_of: PolicyOf) -> None:
        self._policy_of = policy_of
        self._instants: dict[int, _Instants] = {}

    def add_delivered(self, item: OutboxItem, at: datetime) -> None:
        """Add a reply that arrived."""
        bot_at, activity_at, until = self._of(item)
        self._instants[item.conversation_id] = (
            latest(bot_at, at),
            max(activity_at, at),
            latest(until, self._cooled_at(item, at)),
        )

    def add_possibly_delivered(self, item: OutboxItem, at: datetime) -> None:
        """Add a reply that may have arrived."""
        bot_at, activity_at, until = self._of(item)
        cooled_at = latest(until, self._cooled_at(item, at))
        self._instants[item.conversation_id] = bot_at, activity_at, cooled_at

    def write(self) -> None:
        """Write the collected changes."""
        _CONVERSATIONS.each(
            (*instants, conversation_id) for conversation_id, instants in self._instants.items()
        )

    def _cooled_at(self, item: OutboxItem, at: datetime) -> datetime:
        return at + self._policy_of(item.account_id).cooldown

    def _of(self, item: OutboxItem) -> _Instants:
        stored = item.last_bot_message_at, item.last_activity_at, item.cooldown_until
        return self._instants.get(item.conversation_id, stored)


_ITEMS = Update(QueueItem, QueueItem.status, QueueItem.because, QueueItem.sent_at)
_MESSAGES = Update(Message, Message.status, Message.because, Message.sent_at, Message.mid)
_NAMES = Update(Message, Message.mid)


class ArrivedReply(NamedTuple):
    """A reply that reached its contact."""

    item: OutboxItem
    mid: str | None
    """Instagram's id of it; None if only the operator confirmed it."""
    at: datetime
    because: str


def write_arrived(batch: Batch, arrived: Sequence[ArrivedReply]) -> None:
    """Mark replies as sent; their mids must be free. A reply already sent only gets its mid."""
    fresh: dict[int, ArrivedReply] = {}
    for each in arrived:
        item = each.item
        is_repeated = item.status == ItemStatus.SENT or item.id in fresh
        if item.status == ItemStatus.SENT:
            _rename(batch, each)
        else:
            fresh.setdefault(item.id, each)
        batch.tell(
            ReplySent(
                item.contact,
                item.id,
                item.sent_at or each.at,
                Author(item.author),
                is_said=not item.is_reaction,
                is_repeated=is_repeated,
            )
        )
    _write_fresh(batch, tuple(fresh.values()))


def _rename(batch: Batch, arrived: ArrivedReply) -> None:
    if arrived.mid is None or arrived.mid == arrived.item.mid:
        return
    _NAMES.each([(arrived.mid, arrived.item.message_id)])
    batch.note(
        arrived.item.message_id, arrived.at, Stage.SETTLING, "named", f"message id {arrived.mid}"
    )


def _write_fresh(batch: Batch, arrived: Sequence[ArrivedReply]) -> None:
    _ITEMS.each(
        (ItemStatus.SENT, storable(each.because), each.at, each.item.id) for each in arrived
    )
    _MESSAGES.each(
        (
            MessageStatus.SENT,
            storable(each.because),
            each.at,
            each.mid or each.item.mid,
            each.item.message_id,
        )
        for each in arrived
    )
    sent_replies = SentReplies(batch.policy_of)
    for each in arrived:
        if not each.item.is_reaction:
            sent_replies.add_delivered(each.item, each.at)
        if not each.item.is_by_bot:
            note_teammate_reply(each.item.conversation_id, each.at)
        batch.note(each.item.message_id, each.at, Stage.SENDING, "sent", each.because)
        batch.publish(FeedEvent(FeedKind.MESSAGE_SENT, each.at, each.item.message_id))
    sent_replies.write()
    _answer_inputs(batch, arrived)


def _answer_inputs(batch: Batch, arrived: Sequence[ArrivedReply]) -> None:
    inputs = inputs_of(each.item.message_id for each in arrived)
    write_conclusions(
        batch,
        [
            Conclusion(message_id, Outcome.ANSWERED, f"answered by {_name(each)}", each.at)
            for each in arrived
            for message_id in inputs[each.item.message_id]
        ],
    )


def _name(arrived: ArrivedReply) -> str:
    return arrived.mid or arrived.item.mid or f"moca-{arrived.item.message_id}"
