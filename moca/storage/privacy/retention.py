from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.types import ItemStatus, MessageStatus, Role
from moca.storage.conversations.labels import delete_removed_labels
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.privacy_tables import DeletionRequest
from moca.storage.db.rows import read_rows
from moca.storage.db.scan import last_id_before
from moca.storage.db.tables import (
    Contact,
    Conversation,
    Event,
    Message,
    QueueItem,
    Webhook,
)
from moca.storage.handlers import handles
from moca.storage.inbound.webhook_bodies import redact_portion
from moca.storage.operators.idempotency import forget_keys
from moca.storage.outbox.removed_accounts import end_replies_of_removed
from moca.storage.privacy.erase import delete_portion, find_erased
from moca.storage.privacy.journeys import condense_journeys
from moca.storage.search.purge import holds_erased_words, purge_portion
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.retention import holds_erased_uploads

_UNDER_WAY = (
    ItemStatus.HELD.value,
    ItemStatus.PENDING.value,
    ItemStatus.SENDING.value,
    ItemStatus.UNKNOWN.value,
)
_ENDED = (MessageStatus.SENT.value, MessageStatus.FAILED.value, MessageStatus.CANCELLED.value)


def delete_old_portion(before: datetime, portion: int) -> bool:
    """Delete a batch of rows of each kind that ended before an instant; False if there were none.

    Unanswered, pending and unconfirmed messages stay, with the webhook bodies that carried them.
    """
    # While messages are deleted, searching the rest would be slow and find nothing.
    gone = _delete_messages(before, portion)
    if gone == portion:
        return True
    deleted = (
        gone,
        _delete(Webhook, _older(Webhook.received_at, before) & _tells_nothing_kept(), portion),
        _delete(Event, _older(Event.at, before), portion),
        _delete_conversations(before, portion),
    )
    DeletionRequest.delete().where(DeletionRequest.completed_at < before).execute()
    return any(deleted)


def delete_bodies(before: datetime, portion: int) -> bool:
    """Delete a batch of webhook bodies from before an instant; False if there were none.

    A body stays while a message that it carried has no outcome.
    """
    which = _older(Webhook.received_at, before) & ~fn.EXISTS(_without_outcome())
    return bool(_delete(Webhook, which, portion))


def delete_audit_entries(before: datetime, portion: int) -> bool:
    """Delete a batch of audit entries from before an instant; False if there were none."""
    return bool(_delete(AuditEntry, _older(AuditEntry.at, before), portion))


def delete_feed_events(before: datetime, portion: int) -> bool:
    """Delete a batch of the feed's events from before an instant; False if there were none.

    The latest of them stays: from it on the feed is whole, so its reader needs not start again.
    """
    is_older = StoredFeedEvent.id < last_id_before(StoredFeedEvent.at, before)
    return bool(_delete(StoredFeedEvent, is_older, portion))


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


def _delete_messages(before: datetime, portion: int) -> int:
    ended = _older(Message.created_at, before) & _has_ended()
    query = Message.select(Message.id, Message.webhook).where(ended)
    rows = list(read_rows(query.order_by(Message.id).limit(portion)))
    if rows:
        message_ids, webhook_ids = zip(*rows, strict=True)
        Message.delete().where(Message.id << message_ids).execute()
        own_webhooks = Webhook.id << [each for each in set(webhook_ids) if each is not None]
        Webhook.delete().where(own_webhooks & _tells_nothing_kept()).execute()
    return len(rows)


def _tells_nothing_kept() -> Any:
    return ~fn.EXISTS(Message.select(Message.id).where(Message.webhook == Webhook.id))


def _without_outcome() -> Any:
    is_waiting = (Message.webhook == Webhook.id) & Message.outcome.is_null()
    return Message.select(Message.id).where(is_waiting & (Message.role == Role.USER.value))


def _delete_conversations(before: datetime, portion: int) -> int:
    said = Message.select(Message.id).where(Message.conversation == Conversation.id)
    empty = (
        Conversation.select(Conversation.id, Conversation.contact)
        .where((Conversation.last_activity_at < before) & ~fn.EXISTS(said))
        .order_by(Conversation.last_activity_at)
        .limit(portion)
    )
    rows = list(read_rows(empty))
    if rows:
        Conversation.delete().where(Conversation.id << [row_id for row_id, _ in rows]).execute()
        _delete_contacts([contact_id for _, contact_id in rows], before)
    return len(rows)


def _delete_contacts(contact_ids: Sequence[int], before: datetime) -> None:
    talked = Conversation.select(Conversation.id).where(Conversation.contact == Contact.id)
    gone = (Contact.last_seen_at < before) & ~fn.EXISTS(talked)
    Contact.delete().where((Contact.id << contact_ids) & gone).execute()


def _delete(table: Any, which: Any, portion: int) -> int:
    oldest = table.select(table.id).where(which).order_by(table.id).limit(portion)
    ids = [row_id for (row_id,) in read_rows(oldest)]
    if ids:
        table.delete().where(table.id << ids).execute()
    return len(ids)


@handles(ApplyRetention)
def apply_retention(batch: Batch, commands: Sequence[ApplyRetention]) -> None:
    """Erase a batch of what was requested, and of what is older than its retention."""
    batch.write_steps()
    for command in commands:
        before, portion = command.delete_before, command.portion
        more = delete_portion(batch, command.at, portion)
        more |= end_replies_of_removed(batch, command.at, portion)
        more |= delete_removed_labels(portion)
        more |= forget_keys(command.at, portion)
        more |= redact_portion(portion)
        more |= before is not None and delete_old_portion(before, portion)
        entries_before = command.delete_audit_entries_before
        more |= entries_before is not None and delete_audit_entries(entries_before, portion)
        events_before = command.delete_feed_events_before
        more |= events_before is not None and delete_feed_events(events_before, portion)
        webhooks_before = command.delete_webhooks_before
        more |= webhooks_before is not None and delete_bodies(webhooks_before, portion)
        journeys_before = command.condense_journeys_before
        more |= journeys_before is not None and condense_journeys(journeys_before, portion)
        more |= batch.policy.uploads.delete_portion(command.at, portion)
        more = more or purge_portion(command.at)
        erased = () if holds_erased_words() or holds_erased_uploads() else find_erased()
        batch.erased = dict.fromkeys(erased, command.at)
        batch.tell(RetentionApplied(has_more=more or bool(batch.erased)))
