import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple
from unicodedata import normalize

COMMENT_KINDS = ("comment", "live_comment")
"""Kinds of messages that are public comments under a post."""


class Role(StrEnum):
    """The side of the conversation that a message is on."""

    USER = "user"
    ASSISTANT = "assistant"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    BOT = "bot"
    OPERATOR = "operator"
    HUMAN = "human"
    """Someone who typed it in the Instagram app; Moca only receives its echo."""


TEAMMATES = (Author.OPERATOR, Author.HUMAN)


class MessageStatus(StrEnum):
    """The delivery status of a message; always `received` for a contact's message."""

    RECEIVED = "received"
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    """The status of a queue item."""

    HELD = "held"
    """It waits for a teammate's approval, or for its delay to end."""
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class ConversationStatus(StrEnum):
    """Who may answer in a conversation. The bot answers only while it is `open`."""

    OPEN = "open"
    PAUSED = "paused"
    HUMAN = "human"
    STANDBY = "standby"
    """Another app controls the thread."""
    CLOSED = "closed"


class Outcome(StrEnum):
    """The outcome of a contact's message."""

    ANSWERED = "answered"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Priority(IntEnum):
    """The sending order of replies; lower numbers go first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class ClosingMessage(StrEnum):
    """Why one last automatic message may be sent although the bot is held; stored with its item."""

    HAND_OVER = "hand_over"
    """Announces that a person takes over; exempt only from the hold that this handover starts."""
    OPT_OUT = "opt_out"
    """Confirms that the contact has opted out; exempt only from that opt-out."""


class Stage(StrEnum):
    """The part of a message's journey to which a step belongs."""

    RECEPTION = "reception"
    STORAGE = "storage"
    DEDUPLICATION = "deduplication"
    DEBOUNCE = "debounce"
    COOLDOWN = "cooldown"
    STATE = "state"
    HOURS = "hours"
    GENERATION = "generation"
    QUEUE = "queue"
    SENDING = "sending"
    SETTLING = "settling"
    DELIVERY = "delivery"
    OUTCOME = "outcome"


_MAX_NAME_CHARACTERS = 200
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_JOINERS = frozenset({chr(0x200C), chr(0x200D)})


class ContactKey(NamedTuple):
    """A contact of an account. The contact's id is only valid together with the account's."""

    account_id: str
    psid: str


def readable_name(name: str) -> str:
    """Return a contact's name on one line, without control and format characters.

    Zero-width joiners stay: some scripts and emoji need them.
    """
    words = name[:_MAX_NAME_CHARACTERS].split()
    return " ".join(word for each in words if (word := "".join(filter(_is_shown, each))))


def _is_shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN


class OperatorRole(StrEnum):
    """What an operator may do. Each role includes the previous ones."""

    READS = "reads"
    DRAFTS = "drafts"
    """Also drafts replies, which a teammate approves. Only programs have it."""
    ANSWERS = "answers"
    ADMINISTERS = "administers"

    @property
    def display_name(self) -> str:
        """Return the role as pages and the activity log show it."""
        names = {"reads": "Viewer", "drafts": "Drafter", "answers": "Agent"}
        return names.get(self, "Admin")

    @property
    def scope(self) -> str:
        """Return what the API calls the same of a key."""
        names = {"reads": "read", "drafts": "draft", "answers": "reply"}
        return names.get(self, "manage")

    def includes(self, other: "OperatorRole") -> bool:
        """Return whether this role includes the other one."""
        roles = tuple(OperatorRole)
        return roles.index(self) >= roles.index(other)


USER_ROLES = (OperatorRole.READS, OperatorRole.ANSWERS, OperatorRole.ADMINISTERS)
"""The roles of people."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a message's journey, with its reason; never contains what a contact wrote."""

    message_id: int
    at: datetime
    stage: Stage
    outcome: str
    """One or two words, such as `stored`, `passed`, `waiting`, `duplicate` or `sent`."""
    detail: str = field(default="")
    """The reason and figures behind it, in words for an operator."""


RESERVED_NAMES = frozenset({"api", "link", "system", "token"})
"""Names in the audit log for actors that are not operators."""


def author_display_name(name: str) -> str:
    """Return the name that pages show for a stored author, who need not be an operator."""
    names = {"link": "Administrator (link)", "token": "API token", "system": "Moca"}
    return names.get(name, name)


def fold_name(name: str) -> str:
    """Return the form in which equivalent names are equal.

    For comparison only, never for display.
    """
    return normalize("NFKC", normalize("NFKC", name).casefold())


def is_reserved(name: str) -> bool:
    """Return whether no operator may have this name."""
    return fold_name(name).strip() in RESERVED_NAMES


DEFAULT_BOT = "default"
"""The bot that the settings file describes."""


class BotVersion(NamedTuple):
    """A bot as it was published."""

    name: str = DEFAULT_BOT
    version: int | None = None
    """None for the bot of the settings file."""

    def __str__(self) -> str:
        return self.name if self.version is None else f"bot {self.name}, version {self.version}"


SETTINGS_BOT = BotVersion()


@dataclass(frozen=True, slots=True)
class MadeBy:
    """What made a reply of the bot."""

    generator: str
    """Its name in the settings."""
    rule: str | None = None
    """The name of its rule; None if it is made without rules."""
    is_ai: bool = False
    """Whether a language model, or what stands for one, wrote the text."""
    topic: str | None = None
    """What the reply is about; None is `other`."""
    bot: str = DEFAULT_BOT
    version: int | None = None
    """Of the bot; None for that of the settings."""
