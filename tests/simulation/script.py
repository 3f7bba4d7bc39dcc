from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from moca.core.consent import Consent
from moca.core.contact import ContactKey
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy
from moca.core.vocabulary import Priority
from moca.core.words import Words
from moca.storage.writer import WriterPolicy


@dataclass(frozen=True, kw_only=True)
class Figures:
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

    @property
    def window_for_people(self) -> float:
        """How long after a message a person may still answer; as Instagram has it, 7 to 1."""
        return 7 * self.window

    def conversation(self) -> ConversationPolicy:
        return ConversationPolicy(
            dedup=timedelta(seconds=self.dedup),
            debounce=timedelta(seconds=self.debounce),
            cooldown=timedelta(seconds=self.cooldown),
            idle=timedelta(seconds=self.idle),
            mode=ReplyMode.COMBINED if self.combined else ReplyMode.PER_GROUP,
            generation_timeout=timedelta(seconds=self.generation_timeout),
            window=timedelta(seconds=self.window),
            opt_out_text="you are out",
            opt_in_text="you are in",
        )

    def sender(self) -> SenderPolicy:
        return SenderPolicy(
            per_second=self.per_second,
            account_per_second=self.account_per_second,
            user_cooldown=timedelta(seconds=self.user_cooldown),
            couriers=self.couriers,
            max_attempts=self.max_attempts,
            settle=timedelta(seconds=self.settle),
            sweep=timedelta(seconds=self.sweep),
            capacity=self.capacity,
        )

    def writer(self) -> WriterPolicy:
        return WriterPolicy(
            cooldown=timedelta(seconds=self.cooldown),
            dedup=timedelta(seconds=self.dedup),
            takeover=timedelta(seconds=self.takeover),
            window=timedelta(seconds=self.window),
            window_for_people=timedelta(seconds=self.window_for_people),
            consent=Consent(opt_out=Words.of(["stop"]), opt_in=Words.of(["start"])),
        )


@dataclass(frozen=True, kw_only=True)
class Writes:
    """A person writes; each delay is one delivery of the webhook that tells it."""

    at: float
    contact: ContactKey
    mid: str
    text: str
    type: str = "text"
    kind: str = "message"
    delays: tuple[float, ...] = (0.2,)
    unanswerable: str | None = None


@dataclass(frozen=True, kw_only=True)
class AnswersByHand:
    """Somebody answers a person in the Instagram app."""

    at: float
    contact: ContactKey
    mid: str
    text: str
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class Operates:
    """The operator acts on a contact's conversation, or on its first item that it fits."""

    at: float
    contact: ContactKey
    action: str
    """close, reopen, pause, resume, write, cancel, retry or settle."""
    seconds: float | None = None
    """How long a pause lasts; how much later a text is to go."""
    text: str = ""
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How the call of this number goes; spans in seconds from its start."""

    number: int
    arrives: float | None = 0.1
    """When the text reaches its person; None never."""
    answer: str = "delivered"
    """delivered, unconfirmed, undelivered, throttled, stopped, rejected or broken."""
    answers: float = 0.3
    echoes: tuple[float, ...] = (0.5,)
    """When webhooks tell of it, after it arrived."""
    recorded: float = 0
    """When the Conversations API shows it, after it arrived."""
    wait: float | None = None
    """What a throttled account is told to wait."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """An account is throttled or stopped for a while."""

    at: float
    account_id: str
    answer: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the reading of Instagram's record of this number goes."""

    number: int
    seconds: float = 0.2
    is_unreadable: bool = True


@dataclass(frozen=True, kw_only=True)
class Generating:
    """How the making of the reply of this number goes."""

    number: int
    seconds: float = 0
    ends: str = "made"
    """made, failed, broken, handed over or declined."""


@dataclass(frozen=True, kw_only=True)
class Dies:
    """The process dies, so many steps after the instant, and starts again."""

    at: float
    steps: int = 0
    after_commit: bool = False
    """Dies between the next commit and its announcement instead."""
    orderly: bool = False
    """It is stopped instead, in order."""
    down: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DiskFails:
    """Nothing can be written for a while."""

    at: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ClockSteps:
    """The machine's clock is set."""

    at: float
    seconds: float


Happening = Any


@dataclass(frozen=True)
class Script:
    """A whole run, written down before it begins."""

    seed: int
    figures: Figures
    happenings: tuple[Happening, ...] = field(default=())

    @property
    def ends_at(self) -> float:
        """When the last thing happens."""
        return max((getattr(each, "at", 0.0) for each in self.happenings), default=0.0)
