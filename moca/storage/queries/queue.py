from collections.abc import Mapping
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.types import Author, ItemStatus, Priority
from moca.storage.db.metric_tables import Freeze, QueueCount
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_PENDING, Contact, Conversation, Message, QueueItem
from moca.storage.queries.messages import address_of
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import ContactName, QueueItemRecord
from moca.storage.queries.team.account_scope import narrow


def frozen_since() -> datetime | None:
    """Return since when sending is frozen; None if it is not."""
    row = Freeze.get_or_none()
    return None if row is None else row.since_at


def count_queue(scope: AccountScope = ALL_ACCOUNTS) -> Mapping[ItemStatus, int]:
    """Return the number of queue items by status; every status is present."""
    counted: Any = QueueCount.select(QueueCount.status, fn.SUM(QueueCount.items))
    status = QueueCount.status
    if scope.is_limited:
        status = QueueItem.status
        items = QueueItem.select(status, fn.COUNT(QueueItem.id)).join(Message)
        counted = narrow(items, scope, Message.account_id)
    rows = read_rows(counted.group_by(status))
    found = {ItemStatus(status): int(count) for status, count in rows}
    return {status: found.get(status, 0) for status in ItemStatus}


def read_item(item_id: int) -> QueueItemRecord | None:
    """Return a queue item, or None."""
    row = _items().where(QueueItem.id == item_id).first()
    return None if row is None else _record(row)


def item_of(message_id: int) -> QueueItemRecord | None:
    """Return the queue item of a reply; None if the message is not a reply of Moca."""
    row = _items().where(QueueItem.message == message_id).first()
    return None if row is None else _record(row)


def list_items(
    *,
    limit: int,
    after: Key | None = None,
    status: ItemStatus | None = None,
    scope: AccountScope = ALL_ACCOUNTS,
) -> Page[QueueItemRecord]:
    """Return items, newest first; pending ones in the order in which they may go."""
    if status is ItemStatus.PENDING:
        return _going(limit, after, scope)
    query = narrow(_items(), scope)
    if status is not None:
        query = query.where(QueueItem.status == status)
    if after is not None:
        query = query.where(QueueItem.id < after[-1])
    rows = [_record(row) for row in query.order_by(QueueItem.id.desc()).limit(limit + 1)]
    shown = tuple(rows[:limit])
    return Page(shown, (0, shown[-1].id) if len(rows) > limit else None)


def _going(limit: int, after: Key | None, scope: AccountScope) -> Page[QueueItemRecord]:
    query = narrow(_items(), scope).where(IS_PENDING)
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
        QueueItem.select(*columns, Contact.psid, Contact.name, Contact.username)
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
        contact=ContactName.of(row),
        author=Author(row["author"]),
        text=row["text"],
        status=ItemStatus(row["status"]),
        release_at=row["release_at"],
        priority=Priority(row["priority"]),
        scheduled_for=row["scheduled_for"],
        attempts=row["attempts"],
        because=row["because"],
        created_at=row["created_at"],
        sending_at=row["sending_at"],
        sent_at=row["sent_at"],
        echoed_at=row["echoed_at"],
    )
