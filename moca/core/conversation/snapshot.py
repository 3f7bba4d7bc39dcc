from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.attachments import ReceivedContent
from moca.core.conversation.consent import ConsentChange
from moca.core.types import ContactKey, ConversationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A contact's message as it is stored."""

    id: int
    mid: str
    kind: str = "message"
    type: str = "text"
    text: str = field(default="", repr=False)
    received: ReceivedContent | None = field(default=None, repr=False)
    """The content beside the text; None if there is only text."""
    received_at: datetime
    consent_change: ConsentChange | None = None
    """The change of consent in it; None for all but a few messages."""
    opened_at: datetime | None = None
    """When it opened the reply window; None if on receipt."""
    at_once: bool = field(default=False, compare=False)
    """Whether a rule asks to answer it like a tap; not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a contact's current conversation as stored in the database."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus
    held_until: datetime | None = None
    """The end of a pause or takeover; None while open, or if it has no end."""
    unanswered: tuple[Inbound, ...] = ()
    """Unprocessed messages without an outcome, in the order received."""
    remembered: tuple[Inbound, ...] = ()
    """Recent messages against which repeats are detected; none from before the last reply."""
    in_flight: frozenset[int] = frozenset()
    """The bot's queue items that are pending or sending."""
    held: frozenset[int] = frozenset()
    """The bot's held queue items, private replies to comments excepted."""
    cooldown_until: datetime | None = None
    away_text_at: datetime | None = None
    recent_replies: tuple[datetime, ...] = ()
    """When the bot's messages of the last hour were sent, oldest first."""
    is_named: bool = True
    """Whether the contact's name is already known."""
    bot_replied_at: datetime | None = None
    """When one of the bot's messages last arrived."""
    person_until: datetime | None = None
    """Until when a person last wrote or held the conversation."""
    window_opened_at: datetime | None = None
    """When the contact's reply window last opened; None if it never did."""
    has_opted_out: bool = False

    @property
    def had_opted_out(self) -> bool:
        """Whether the contact had opted out before the first of the unanswered messages."""
        consent_changes = (
            message.consent_change
            for message in self.unanswered
            if message.consent_change is not None
        )
        first = next(consent_changes, None)
        return self.has_opted_out if first is None else first is ConsentChange.OPT_IN

    @classmethod
    def beginning(cls, contact: ContactKey, conversation_id: int, message: Inbound) -> "Snapshot":
        """Return the snapshot of a new contact whose first message has just been stored."""
        return cls(
            contact=contact,
            conversation_id=conversation_id,
            status=ConversationStatus.OPEN,
            unanswered=(message,),
            is_named=False,
        )
