from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from moca.core.hours import BusinessHours


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
    replies_per_hour: int = 60
    """To one contact; what comes beyond it in any hour is not answered: it may be another bot."""
    hours: BusinessHours | None = None
    """None answers at any hour."""
    away_text: str = field(default="", repr=False)
    """Sent once per closing; empty sends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPolicy:
    """The figures by which the sender decides."""

    per_second: int = 3
    account_per_second: int = 100
    user_cooldown: timedelta = timedelta(seconds=7)
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
