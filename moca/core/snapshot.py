from dataclasses import dataclass, field
from datetime import datetime

from moca.core.contact import ContactKey
from moca.core.vocabulary import ConversationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A contact's message as it is stored."""

    id: int
    mid: str
    kind: str = "message"
    type: str = "text"
    text: str = field(default="", repr=False)
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the database knows of a contact's current conversation."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus
    held_until: datetime | None = None
    """End of a pause or takeover; None while open, or until somebody ends it."""
    unanswered: tuple[Inbound, ...] = ()
    """Not processed and without an outcome, in the order received."""
    remembered: tuple[Inbound, ...] = ()
    """First sayings of the last seconds, to recognise a repeat; none from before the last reply."""
    in_flight: frozenset[int] = frozenset()
    """The bot's queue items that are pending or sending."""
    cooldown_until: datetime | None = None
    away_text_at: datetime | None = None
    spoken: tuple[datetime, ...] = ()
    """When the bot's messages of the last hour were sent, oldest first."""
    is_named: bool = True
    """Whether Instagram told already what the contact is called."""
    """When the away text was last queued."""
