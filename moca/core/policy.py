from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours
from moca.core.conversation.consent import Consent
from moca.core.reply_window import BOT_WINDOW
from moca.core.topics import TopicModes
from moca.core.types import SETTINGS_BOT, BotVersion


class ReplyMode(StrEnum):
    """How many replies a burst of messages gets."""

    PER_GROUP = "per_group"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPolicy:
    """The settings by which a bot decides in the conversations of an account."""

    bot: BotVersion = SETTINGS_BOT
    dedup: timedelta = timedelta(seconds=10)
    debounce: timedelta = timedelta(seconds=5)
    cooldown: timedelta = timedelta(seconds=30)
    takeover: timedelta = timedelta(hours=12)
    """How long a teammate's reply holds the conversation."""
    idle: timedelta = timedelta(seconds=60)
    mode: ReplyMode = ReplyMode.PER_GROUP
    generation_timeout: timedelta = timedelta(seconds=30)
    generation_attempts: int = 3
    checks_rules: bool = False
    """Whether a rule may ask for an answer without debounce and cooldown."""
    replies_per_hour: int = 60
    """Per contact. Messages beyond it are not answered: the other side may be a bot."""
    hours: BusinessHours | None = None
    """None means that the bot answers at any hour."""
    away_text: str = field(default="", repr=False)
    """Sent once per closing period; empty sends nothing."""
    answer_when_open: bool = False
    """Whether messages outside the hours wait for the opening instead of being suppressed."""
    window: timedelta = BOT_WINDOW
    """How long after a contact's message a reply is allowed."""
    consent: Consent = field(default_factory=Consent)
    opt_out_text: str = field(default="", repr=False)
    """Confirms that a contact has opted out; empty sends nothing."""
    opt_in_text: str = field(default="", repr=False)
    """Confirms that a contact has opted in; if empty, the message is answered like any other."""
    escalation: Words = field(default_factory=Words)
    """A message with one of these words is handed over to the team."""
    hand_over_text: str = field(default="", repr=False)
    """Sent on that handover, and when a generator hands over without a text; empty sends
    nothing."""
    disclosure: str = field(default="", repr=False)
    """States that a bot is replying: before its first reply, after a gap and after a teammate.
    Empty sends nothing."""
    disclosure_gap: timedelta = timedelta(hours=24)
    topics: TopicModes = field(default_factory=TopicModes)
    """Which replies are held for the team, or not made at all."""


PolicyOf = Callable[[str], ConversationPolicy]
"""Returns the policy of an account's bot, by the account's id."""


def same_for_all(policy: ConversationPolicy) -> PolicyOf:
    """Return a lookup that has one policy for every account."""
    return lambda _account_id: policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPolicy:
    """The settings by which the sender decides."""

    per_second: int = 3
    account_per_second: int = 100
    account_media_per_second: int = 10
    account_reads_per_second: int = 2
    account_private_replies_per_hour: int = 750
    user_cooldown: timedelta = timedelta(seconds=7)
    couriers: int = 32
    """Calls that may be in progress at once; further replies wait in the outbox."""
    max_attempts: int = 5
    settle: timedelta = timedelta(seconds=10)
    """The time from an unconfirmed send to the check of Instagram's record, and between checks."""
    settle_readings: int = 2
    """The number of checks that must find nothing before the reply is sent again."""
    account_pause: timedelta = timedelta(seconds=60)
    """How long an account rests if Instagram named no time."""
    sweep: timedelta = timedelta(seconds=15)
    capacity: int = 4_000
    """The number of replies in memory; the others are only in the database."""

    @property
    def horizon(self) -> timedelta:
        """How long before its time a scheduled reply is loaded into memory."""
        return 4 * self.sweep
