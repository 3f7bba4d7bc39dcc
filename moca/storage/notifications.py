from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from peewee import JOIN, fn

from moca.core.feed import KINDS_OF_NOTIFICATIONS, FeedEvent, FeedKind
from moca.core.messages.housekeeping import (
    FindNotifications,
    NotificationsFound,
    NotificationStored,
    RecordBudgetSpent,
    RecordNotification,
)
from moca.core.notifications import Notification, NotificationKind
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.fields import storable
from moca.storage.db.push_tables import StoredNotification
from moca.storage.db.rows import read_dicts
from moca.storage.db.scan import last_id_before
from moca.storage.db.tables import Contact, Conversation
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


def store_notification(
    batch: Batch,
    kind: NotificationKind,
    because: str,
    at: datetime,
    *,
    account_id: str,
    conversation_id: int | None = None,
) -> None:
    """Publish an event in the transaction of its cause, and store it if notifications are sent."""
    batch.publish(
        FeedEvent(
            KINDS_OF_NOTIFICATIONS[kind],
            at,
            conversation_id=conversation_id,
            account_id=account_id or None,
            detail={"because": because},
        )
    )
    if not batch.policy.stores_notification:
        return
    StoredNotification.create(
        kind=kind,
        because=storable(because),
        account_id=account_id,
        conversation=conversation_id,
        created_at=at,
        due_at=at,
    )
    batch.tell(NotificationStored())


@handles(RecordBudgetSpent)
def record_budget_spent(batch: Batch, commands: Sequence[RecordBudgetSpent]) -> None:
    """Notify people once a day (UTC) that a budget of the model is spent, for all nodes."""
    for command in commands:
        day = command.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        batch.write_feed()
        already_published = StoredFeedEvent.select().where(
            (StoredFeedEvent.kind == FeedKind.BUDGET_SPENT)
            & (fn.COALESCE(StoredFeedEvent.account_id, "") == command.account_id)
            & (StoredFeedEvent.id > last_id_before(StoredFeedEvent.at, day))
        )
        if not already_published.exists():
            kind, at = NotificationKind.BUDGET_SPENT, command.at
            store_notification(batch, kind, command.because, at, account_id=command.account_id)


@handles(FindNotifications)
def find_notifications(batch: Batch, commands: Sequence[FindNotifications]) -> None:
    """Report the notifications that are due, oldest first."""
    columns = (
        StoredNotification.id,
        StoredNotification.kind,
        StoredNotification.because,
        StoredNotification.account_id,
        Contact.psid,
        StoredNotification.conversation,
        StoredNotification.created_at,
        StoredNotification.attempts,
    )
    query = (
        StoredNotification.select(*columns)
        .join(Conversation, JOIN.LEFT_OUTER)
        .join(Contact, JOIN.LEFT_OUTER)
        .order_by(StoredNotification.id)
    )
    for command in commands:
        due = query.where(StoredNotification.due_at <= command.at).limit(command.limit)
        batch.tell(NotificationsFound(tuple(_told(row) for row in read_dicts(due))))


@handles(RecordNotification)
def record_notifications(_batch: Batch, commands: Sequence[RecordNotification]) -> None:
    """Record the results of attempts to send notifications; erased ones are skipped."""
    for command in commands:
        if command.fault:
            values = {
                "due_at": command.retry_at,
                "attempts": StoredNotification.attempts + 1,
                "fault": storable(command.fault),
            }
        else:
            values = {"due_at": None, "sent_at": command.at, "fault": ""}
        changed = StoredNotification.update(**values)
        changed.where(StoredNotification.id == command.notification_id).execute()


def _told(row: dict[str, Any]) -> Notification:
    return Notification(
        id=row["id"],
        kind=NotificationKind(row["kind"]),
        because=row["because"],
        account_id=row["account_id"],
        psid=row["psid"],
        conversation_id=row["conversation"],
        created_at=row["created_at"],
        attempts=row["attempts"],
    )
