from dataclasses import dataclass, field
from datetime import datetime

from moca.core.contact import ContactKey
from moca.core.vocabulary import Author, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedReply:
    """A reply on its way out: one row of the queue as the sender sees it."""

    item_id: int
    """Also the order of queueing: a later item has a higher id."""
    message_id: int
    conversation_id: int
    contact: ContactKey
    text: str = field(repr=False)
    author: Author = Author.BOT
    priority: Priority = Priority.NORMAL
    scheduled_for: datetime
    """Not before this instant; after a failed attempt, not before the next one."""
    attempts: int = 0
    """Calls already started for it."""
