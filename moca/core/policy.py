from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours


class ReplyMode(StrEnum):
    """How many replies a burst gets."""

    PER_GROUP = "per_group"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPolicy:
    """The figures by which a conversation decides."""

    dedup: timedelta = timedelta(seconds=10)
    debounce: timedelta = timedelta(seconds=5)
    cooldown: timedelta = timedelta(seconds=30)
    idle: timedelta = timedelta(seconds=60)
    mode: ReplyMode = ReplyMode.PER_GROUP
    generation_timeout: timedelta = timedelta(seconds=30)
    generation_attempts: int = 3
    checks_rules: bool = False
    """Whether a rule may want a message answered without debounce and cooldown."""
    replies_per_hour: int = 60
    """To one contact; what comes beyond it in any hour is not answered: it may be another bot."""
    hours: BusinessHours | None = None
    """None answers at any hour."""
    away_text: str = field(default="", repr=False)
    """Sent once per closing; empty sends nothing."""
    answer_when_open: bool = False
    """Whether what comes outside the hours waits for the opening instead of being suppressed."""
    window: timedelta = timedelta(hours=24)
    """How long after a contact's message a reply may go."""
    opt_out_text: str = field(default="", repr=False)
    """Confirms that a contact opted out; empty sends nothing."""
    opt_in_text: str = field(default="", repr=False)
    """Confirms the opposite; where it is empty, the message is answered like any other."""
    escalation: Words = field(default_factory=Words)
    """With one of these in it, a message hands the conversation to a person."""
    hand_over_text: str = field(default="", repr=False)
    """Said then, and where a generator hands over without words; empty says nothing."""
    disclosure: str = field(default="", repr=False)
    """Says that a bot speaks, before what it says first, after a gap and after a person; or ""."""
    disclosure_gap: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPolicy:
    """The figures by which the sender decides."""

    per_second: int = 3
    account_per_second: int = 100
    account_media_per_second: int = 10
    account_reads_per_second: int = 2
    account_private_replies_per_hour: int = 750
    user_cooldown: timedelta = timedelta(seconds=7)
    couriers: int = 32
    """Calls that may be under way at once; what waits for one to end stays in the outbox."""
    max_attempts: int = 5
    settle: timedelta = timedelta(seconds=10)
    """How long after a doubtful call Instagram's record is read, and read again."""
    settle_readings: int = 2
    """Readings that must agree that nothing arrived before it is sent again."""
    account_pause: timedelta = timedelta(seconds=60)
    """How long an account rests where Instagram named no time."""
    sweep: timedelta = timedelta(seconds=15)
    capacity: int = 4_000
    """Replies held in memory; the database holds the rest."""

    @property
    def horizon(self) -> timedelta:
        """How long before its time a scheduled reply is taken into memory."""
        return 4 * self.sweep
