from dataclasses import dataclass, field
from typing import Any

from moca.core.types import COMMENT_KINDS, ContactKey, Priority
from tests.simulation.worlds.settings import WorldSettings


@dataclass(frozen=True, kw_only=True)
class Writes:
    """A person writes; each delay is one delivery of the webhook that tells it."""

    at: float
    contact: ContactKey
    mid: str
    text: str
    type: str = "text"
    kind: str = "message"
    payload: str = ""
    """What a tap carries."""
    answers: str = ""
    """The message that it is shown under."""
    hint: float | None = None
    """When Meta only hints at it, after it was written; None not at all."""
    delays: tuple[float, ...] = (0.2,)
    """None where only the hint comes."""
    unanswerable: str | None = None

    @property
    def is_comment(self) -> bool:
        return self.kind in COMMENT_KINDS


@dataclass(frozen=True, kw_only=True)
class Edits:
    """A person lets a message say something else; Meta tells it each time in full."""

    at: float
    contact: ContactKey
    mid: str
    text: str
    number: int = 1
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class Unsends:
    """A person takes a message back."""

    at: float
    contact: ContactKey
    mid: str
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class Notices:
    """A person reacts to a message, takes the sign off again, or has seen it."""

    at: float
    contact: ContactKey
    mid: str
    what: str
    """react, unreact or read."""
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class PassesThread:
    """A person's thread passes to another app, or back to ours."""

    at: float
    contact: ContactKey
    is_ours: bool
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class AnswersByHand:
    """A teammate answers a contact in the Instagram app."""

    at: float
    contact: ContactKey
    mid: str
    text: str
    delays: tuple[float, ...] = (0.2,)


@dataclass(frozen=True, kw_only=True)
class Operates:
    """The operator acts on a contact's conversation, its first item that fits, or all the queue."""

    at: float
    contact: ContactKey
    action: str
    """close, reopen, pause, resume, write, show, react, cancel, retry, settle or edit; freeze or
    release, for all contacts; assign, as a colleague does; attach, which sends a file; answer,
    which takes the conversation over; draft, as an assistant does; label; publish, which saves a
    draft of the account's bot, or publishes the saved one; approve, amend or discard what is
    held."""
    seconds: float | None = None
    """How long a pause lasts; how much later a text is to go."""
    text: str = ""
    priority: Priority = Priority.NORMAL
    repeats: tuple[float, ...] = ()
    """How much later an answer is posted again, with the same key."""
    limited_to: str = ""
    """The only account of the operator who acts; empty for one who sees all."""


@dataclass(frozen=True, kw_only=True)
class Erases:
    """It is asked that a contact be erased, by the operator or by Meta's deletion callback."""

    at: float
    contact: ContactKey
    by_meta: bool = False


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
    usage_percent: float = 0
    """How much of the account's quota is used up, as the answer tells."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """An account is throttled or stopped for a while, or its token is dead."""

    at: float
    account_id: str
    answer: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Renews:
    """An account gets a new token."""

    at: float
    account_id: str


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
    form: str = "plain"
    """plain, long, a picture, with buttons or with quick replies."""


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
class SenderCrashes:
    """The sender raises at what it hears next."""

    at: float


@dataclass(frozen=True, kw_only=True)
class ActorCrashes:
    """An actor of this class raises at the next message that it takes."""

    at: float
    actor: str


@dataclass(frozen=True, kw_only=True)
class LosesEvents:
    """What is told to supervisor and sender is lost for a while, as between nodes of a cluster."""

    at: float
    seconds: float
    one_in: int = 1
    """How many are told for each that is lost."""


@dataclass(frozen=True, kw_only=True)
class LosesCommits:
    """So many commits are carried out, and their answers are lost."""

    at: float
    count: int = 1


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
    settings: WorldSettings
    happenings: tuple[Happening, ...] = field(default=())
    nodes: int = 0
    """Of a cluster; 0 where there is one process alone."""

    @property
    def ends_at(self) -> float:
        """When the last thing happens."""
        return max(map(_last_instant, self.happenings), default=0.0)


def _last_instant(happening: Happening) -> float:
    lasts = happening.seconds if isinstance(happening, Outage) else 0.0
    repeats = getattr(happening, "repeats", ())
    found: float = getattr(happening, "at", 0.0) + max((lasts, *repeats))
    return found
