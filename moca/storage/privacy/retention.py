from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.messages.housekeeping import HouseKept, KeepHouse
from moca.core.types import ItemStatus, MessageStatus, Role
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.scan import last_id_before
from moca.storage.db.tables import (
    Contact,
    Conversation,
    DeletionRequest,
    Event,
    Message,
    QueueItem,
    Webhook,
)
from moca.storage.inbound.webhook_bodies import scrub_portion
from moca.storage.operators.idempotency import forget_keys
from moca.storage.privacy.erase import delete_portion, find_erased
from moca.storage.unit_of_work import Batch

_UNDER_WAY = (ItemStatus.PENDING.value, ItemStatus.SENDING.value, ItemStatus.UNKNOWN.value)
_ENDED = (MessageStatus.SENT.value, MessageStatus.FAILED.value, MessageStatus.CANCELLED.value)


def forget_portion(before: datetime, portion: int) -> bool:
    """Delete a few rows of each kind that ended before an instant; False if there were none.

    What is unanswered, pending or unsettled stays, and so does the body in which it came.
    """
    # While messages go, what told of them would be looked through in vain, and at length.
    gone = _forget_messages(before, portion)
    if gone == portion:
        return True
    deleted = (
        gone,
        _delete(Webhook, _older(Webhook.received_at, before) & _tells_nothing_kept(), portion),
        _delete(Event, _older(Event.at, before), portion),
        _forget_conversations(before, portion),
    )
    DeletionRequest.delete().where(DeletionRequest.completed_at < before).execute()
    return any(deleted)


def forget_deeds(before: datetime, portion: int) -> bool:
    """Delete a few entries of the audit trail from before an instant; False if there were none."""
    return bool(_delete(AuditEntry, _older(AuditEntry.at, before), portion))


def _older(instant: Any, before: datetime) -> Any:
    return instant.model.id <= last_id_before(instant, before)


def _has_ended() -> Any:
    item = QueueItem.alias()
    under_way = item.select(item.id).where(
        (item.message == Message.id) & (item.status << _UNDER_WAY)
    )
    answered = (Message.role == Role.USER.value) & Message.outcome.is_null(is_null=False)
    ended = (Message.role == Role.ASSISTANT.value) & (Message.status << _ENDED)
    return (answered | ended) & ~fn.EXISTS(under_way)


def _forget_messages(before: datetime, portion: int) -> int:
    ended = _older(Message.created_at, before) & _has_ended()
    query: Any = Message.select(Message.id, Message.webhook).where(ended)
    rows = list(query.order_by(Message.id).limit(portion).tuples())
    if rows:
        message_ids, webhook_ids = zip(*rows, strict=True)
        Message.delete().where(Message.id << message_ids).execute()
        told: Any = Webhook.id << [each for each in set(webhook_ids) if each is not None]
        Webhook.delete().where(told & _tells_nothing_kept()).execute()
    return len(rows)


def _tells_nothing_kept() -> Any:
    return ~fn.EXISTS(Message.select(Message.id).where(Message.webhook == Webhook.id))


def _forget_conversations(before: datetime, portion: int) -> int:
    said = Message.select(Message.id).where(Message.conversation == Conversation.id)
    empty: Any = (
        Conversation.select(Conversation.id, Conversation.contact)
        .where((Conversation.last_activity_at < before) & ~fn.EXISTS(said))
        .order_by(Conversation.last_activity_at)
        .limit(portion)
    )
    rows = list(empty.tuples())
    if rows:
        Conversation.delete().where(Conversation.id << [row_id for row_id, _ in rows]).execute()
        _forget_contacts([contact_id for _, contact_id in rows], before)
    return len(rows)


def _forget_contacts(contact_ids: Sequence[int], before: datetime) -> None:
    talked = Conversation.select(Conversation.id).where(Conversation.contact == Contact.id)
    gone = (Contact.last_seen_at < before) & ~fn.EXISTS(talked)
    Contact.delete().where((Contact.id << contact_ids) & gone).execute()


def _delete(table: Any, which: Any, portion: int) -> int:
    oldest = table.select(table.id).where(which).order_by(table.id).limit(portion)
    ids = [row_id for (row_id,) in oldest.tuples()]
    if ids:
        table.delete().where(table.id << ids).execute()
    return len(ids)


def keep_house(batch: Batch, commands: Sequence[KeepHouse]) -> None:
    """Erase a portion of what people asked for, and of what is too old to be kept."""
    batch.write_steps()
    for command in commands:
        before, portion = command.forget_before, command.portion
        more = delete_portion(batch, portion)
        more |= forget_keys(command.at, portion)
        more |= scrub_portion(portion)
        more |= before is not None and forget_portion(before, portion)
        deeds_before = command.forget_deeds_before
        more |= deeds_before is not None and forget_deeds(deeds_before, portion)
        batch.erased = dict.fromkeys(find_erased(), command.at)
        batch.tell(HouseKept(has_more=more or bool(batch.erased)))
