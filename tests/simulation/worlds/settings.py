from dataclasses import dataclass
from datetime import UTC, time, timedelta

from actors.background.jobs import BackgroundConfig
from actors.background.retention import RetentionPeriods
from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.conversation.consent import Consent
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy, same_for_all
from moca.core.topics import Mode, TopicMode, TopicModes
from moca.storage.writer import WriterPolicy

OPTED_OUT = "you are out"
DISCLOSURE = "a bot speaks"
ESCALATION_WORD = "person"
HANDED_OVER = "a colleague will answer"


ACCOUNT_PAUSE = timedelta(seconds=60)
"""How long an account rests if Instagram named no time."""
RESPONDERS = 8


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """What a run is configured with; spans in seconds."""

    dedup: float = 10
    debounce: float = 5
    cooldown: float = 30
    idle: float = 60
    combined: bool = False
    generation_timeout: float = 30
    per_second: int = 3
    account_per_second: int = 100
    user_cooldown: float = 7
    max_attempts: int = 5
    settle: float = 10
    sweep: float = 15
    capacity: int = 4000
    takeover: float = 43_200
    window: float = 86_400
    couriers: int = 32
    """Calls that may be under way at once."""
    step_cost: float = 0
    """The longest that one step of an actor takes."""
    in_order: bool = False
    """Whether actors have their turns first come first served, instead of as drawn."""
    same_texts: bool = False
    """Whether every reply says the same."""
    batches: bool = False
    """Whether what Meta tells at the same instant comes in one webhook."""
    shows_typing: bool = False
    private_replies_per_hour: int = 750
    closes: bool = False
    """Whether the shop is shut for the second minute."""
    answer_when_open: bool = False
    discloses: bool = False
    """Whether the bot says that it is one."""
    escalates: bool = False
    """Whether a word hands the conversation to a person."""
    erases: bool = False
    """Whether what has to go is erased in portions."""
    indexes: bool = False
    """Whether messages are made searchable."""
    has_bots: bool = False
    """Whether each account has a bot of its own, and versions of it are published."""
    pushes: bool = False
    """Whether operators have browsers that want push messages."""
    subscribers: bool = False
    """Whether other programs are sent the feed's events."""
    retention: float | None = None
    """How long what has ended is kept; None keeps it."""
    modes: tuple[tuple[str, str, float], ...] = ()
    """Topics with their modes, and how long a delay is; replies take turns with them."""

    @property
    def operator_window(self) -> float:
        """How long after a message a person may still answer; as Instagram has it, 7 to 1."""
        return 7 * self.window

    def conversation(self) -> ConversationPolicy:
        return ConversationPolicy(
            dedup=timedelta(seconds=self.dedup),
            debounce=timedelta(seconds=self.debounce),
            cooldown=timedelta(seconds=self.cooldown),
            takeover=timedelta(seconds=self.takeover),
            idle=timedelta(seconds=self.idle),
            mode=ReplyMode.COMBINED if self.combined else ReplyMode.PER_GROUP,
            generation_timeout=timedelta(seconds=self.generation_timeout),
            window=timedelta(seconds=self.window),
            consent=Consent(opt_out=Words.of(["stop"]), opt_in=Words.of(["start"])),
            opt_out_text=OPTED_OUT,
            opt_in_text="you are in",
            hours=self.hours(),
            away_text="we are shut",
            answer_when_open=self.answer_when_open,
            escalation=Words.of([ESCALATION_WORD] if self.escalates else []),
            hand_over_text=HANDED_OVER if self.escalates else "",
            disclosure=DISCLOSURE if self.discloses else "",
            topics=self.topics(),
        )

    def topics(self) -> TopicModes:
        """Return how far the bot is trusted with each topic."""
        return TopicModes(
            {
                topic: TopicMode(Mode(mode), timedelta(seconds=seconds))
                for topic, mode, seconds in self.modes
            }
        )

    def topic_of(self, number: int) -> str | None:
        """Return the topic of the reply that is made as the one of this number."""
        return self.modes[number % len(self.modes)][0] if self.modes else None

    def hours(self) -> BusinessHours | None:
        """Return the business hours; None if the account never closes."""
        if not self.closes:
            return None
        spans = (OpeningSpan(time(0), time(12, 1)), OpeningSpan(time(12, 2), time(0)))
        return BusinessHours(UTC, dict.fromkeys(range(7), spans))

    def background(self) -> BackgroundConfig:
        """Return what Moca looks after by itself."""
        kept = None if self.retention is None else timedelta(seconds=self.retention)
        half = None if kept is None else kept / 2
        return BackgroundConfig(
            erases=self.erases or kept is not None,
            periods=RetentionPeriods(messages=kept, webhooks=half, journeys=half),
            indexes=self.indexes,
        )

    def sender(self) -> SenderPolicy:
        return SenderPolicy(
            per_second=self.per_second,
            account_per_second=self.account_per_second,
            user_cooldown=timedelta(seconds=self.user_cooldown),
            couriers=self.couriers,
            account_private_replies_per_hour=self.private_replies_per_hour,
            max_attempts=self.max_attempts,
            settle=timedelta(seconds=self.settle),
            sweep=timedelta(seconds=self.sweep),
            capacity=self.capacity,
        )

    def writer(self) -> WriterPolicy:
        return WriterPolicy(
            policy_of=same_for_all(self.conversation()),
            window=timedelta(seconds=self.window),
            operator_window=timedelta(seconds=self.operator_window),
        )
