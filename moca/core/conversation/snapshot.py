from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.attachments import Received
from moca.core.conversation.consent import Wish
from moca.core.types import ContactKey, ConversationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A contact's message as it is stored."""

    id: int
    mid: str
    kind: str = "message"
    type: str = "text"
    text: str = field(default="", repr=False)
    received: Received | None = field(default=None, repr=False)
    """What came with the text; None where there is only text."""
    received_at: datetime
    wish: Wish | None = None
    """What it changes about being written to; None for all but a few messages."""
    opened_at: datetime | None = None
    """Since when it lets the account answer; None where that is since its receipt."""
    at_once: bool = field(default=False, compare=False)
    """Whether a rule wants it answered like a tap; nobody stores that."""


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
    bot_spoke_at: datetime | None = None
    """When something of ours last arrived."""
    person_until: datetime | None = None
    """Until when a person last had the word: wrote, or held the conversation."""
    window_opened_at: datetime | None = None
    """Since when the contact's reply window is open, or was; None where it never opened."""
    has_opted_out: bool = False

    @property
    def had_opted_out(self) -> bool:
        """Whether it had, before the first of the unanswered messages came."""
        wishes = (message.wish for message in self.unanswered if message.wish is not None)
        first = next(wishes, None)
        return self.has_opted_out if first is None else first is Wish.OPT_IN

    @classmethod
    def beginning(cls, contact: ContactKey, conversation_id: int, message: Inbound) -> "Snapshot":
        """Say what the database knows once a contact's very first message is stored."""
        return cls(
            contact=contact,
            conversation_id=conversation_id,
            status=ConversationStatus.OPEN,
            unanswered=(message,),
            is_named=False,
        )
