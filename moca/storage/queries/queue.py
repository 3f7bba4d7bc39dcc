from collections.abc import Mapping
from typing import Any

from peewee import fn

from moca.core.types import Author, ItemStatus, Priority
from moca.storage.db.metric_tables import QueueCount
from moca.storage.db.tables import IS_PENDING, Contact, Conversation, Message, QueueItem
from moca.storage.queries.messages import address_of
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import ContactName, QueueItemRecord


def count_queue() -> Mapping[ItemStatus, int]:
    """Count the queue's items by status; every status is named."""
    counted: Any = QueueCount.select(QueueCount.status, fn.SUM(QueueCount.items))
    rows = counted.group_by(QueueCount.status).tuples()
    found = {ItemStatus(status): int(count) for status, count in rows}
    return {status: found.get(status, 0) for status in ItemStatus}


def read_item(item_id: int) -> QueueItemRecord | None:
    """Look one up; None if there is none."""
    row = _items().where(QueueItem.id == item_id).first()
    return None if row is None else _record(row)


def item_of(message_id: int) -> QueueItemRecord | None:
    """Look up the queue item of a reply; None if the message is no reply of ours."""
    row = _items().where(QueueItem.message == message_id).first()
    return None if row is None else _record(row)


def list_items(
    *, limit: int, after: Key | None = None, status: ItemStatus | None = None
) -> Page[QueueItemRecord]:
    """List items newest first, or the pending ones in the order in which they may go."""
    if status is ItemStatus.PENDING:
        return _going(limit, after)
    query = _items()
    if status is not None:
        query = query.where(QueueItem.status == status)
    if after is not None:
        query = query.where(QueueItem.id < after[-1])
    rows = [_record(row) for row in query.order_by(QueueItem.id.desc()).limit(limit + 1)]
    shown = tuple(rows[:limit])
    return Page(shown, (0, shown[-1].id) if len(rows) > limit else None)


def _going(limit: int, after: Key | None) -> Page[QueueItemRecord]:
    query = _items().where(IS_PENDING)
    if after is not None:
        priority, item_id = after
        tied = (QueueItem.priority == priority) & (QueueItem.id > item_id)
        query = query.where((QueueItem.priority > priority) | tied)
    ordered = query.order_by(QueueItem.priority, QueueItem.id).limit(limit + 1)
    rows = [_record(row) for row in ordered]
    shown = tuple(rows[:limit])
    return Page(shown, (shown[-1].priority.value, shown[-1].id) if len(rows) > limit else None)


def _items() -> Any:
    columns = (QueueItem, Message.account_id, Message.mid, Message.text, Message.author)
    return (
        QueueItem.select(*columns, Contact.psid, Contact.name)
        .join(Message)
        .join(Conversation)
        .join(Contact)
        .dicts()
    )


def _record(row: dict[str, Any]) -> QueueItemRecord:
    return QueueItemRecord(
        id=row["id"],
        message_id=row["message"],
        mid=address_of(row["message"], row["mid"]),
        conversation_id=row["conversation"],
        contact=ContactName(account_id=row["account_id"], psid=row["psid"], name=row["name"]),
        author=Author(row["author"]),
        text=row["text"],
        status=ItemStatus(row["status"]),
        priority=Priority(row["priority"]),
        scheduled_for=row["scheduled_for"],
        attempts=row["attempts"],
        because=row["because"],
        created_at=row["created_at"],
        sending_at=row["sending_at"],
        sent_at=row["sent_at"],
        echoed_at=row["echoed_at"],
    )
