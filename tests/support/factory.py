"""Common values of tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author, ContactKey, Priority
from moca.instagram.graph_access import GraphAccess

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
ANNA = ContactKey("17841400000000001", "28978671838402975")
BEN = ContactKey("17841400000000001", "28978671838402976")


def at(seconds: float) -> datetime:
    """Return the instant this many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def said(id: int, text: str, seconds: float = 0, **changes: Any) -> Inbound:
    """Return a stored message, received this many seconds after noon."""
    return Inbound(id=id, mid=f"m{id}", text=text, received_at=at(seconds), **changes)


def reply_to(
    contact: ContactKey = ANNA,
    item_id: int = 1,
    *,
    priority: Priority = Priority.NORMAL,
    due: float = 0,
    attempts: int = 0,
    author: Author = Author.BOT,
) -> QueuedReply:
    """Return a reply in the queue, due this many seconds after noon."""
    return QueuedReply(
        item_id=item_id,
        message_id=100 + item_id,
        conversation_id=1,
        contact=contact,
        content=Content(text=f"reply {item_id}"),
        author=author,
        priority=priority,
        scheduled_for=at(due),
        attempts=attempts,
    )


def calls_at(url: str, token_for: Callable[[str], str]) -> Callable[[str], GraphAccess]:
    """Return access to every account at one URL."""
    return lambda account_id: GraphAccess(f"{url}/v26.0", token_for(account_id))
