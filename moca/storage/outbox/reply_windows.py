from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from moca.core.reasons import Because, Reason
from moca.core.types import Role
from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from moca.storage.outbox.items import OutboxItem
from moca.storage.unit_of_work import WriterPolicy


def refused_because(item: OutboxItem, at: datetime, policy: WriterPolicy) -> str | None:
    """Return why a reply may not be sent at an instant, or None if it may."""
    silenced = item.silenced_because(at)
    if silenced is not None:
        return silenced
    window = _window(item, policy)
    if item.window_opened_at is None or at > item.window_opened_at + window:
        days, hours = divmod(window, timedelta(days=1)), window / timedelta(hours=1)
        span = f"{days[0]}-day" if days[0] > 1 else f"{hours:g}-hour"
        return Because(Reason.WINDOW_CLOSED, f"the {span} reply window has closed")
    return None


def _window(item: OutboxItem, policy: WriterPolicy) -> timedelta:
    is_only_for_a_day = item.is_by_bot or item.is_reaction
    if is_only_for_a_day and item.comment_id is None:
        return policy.window
    return policy.operator_window


def with_own_windows(items: Mapping[int, OutboxItem]) -> dict[int, OutboxItem]:
    """Start the window of a private reply at the comment that it answers."""
    comments = _comments(items.values())
    return {
        item.id: item._replace(
            window_opened_at=comments.get(item.comment_id or "", item.window_opened_at)
        )
        for item in items.values()
    }


def _comments(items: Iterable[OutboxItem]) -> dict[str, datetime]:
    """Return when the comments that these items answer in private arrived, by comment id."""
    comment_ids = {item.comment_id for item in items if item.comment_id is not None}
    columns = (Message.mid, Message.sent_at, Message.created_at)
    found = {}
    for chunk in in_chunks(sorted(comment_ids)):
        query = Message.select(*columns).where(
            (Message.mid << chunk) & (Message.role == Role.USER.value)
        )
        for mid, sent_at, created_at in read_rows(query):
            found[mid] = min(sent_at or created_at, created_at)
    return found
