import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

COMMENT_KINDS = ("comment", "live_comment")
"""Kinds of messages that stand under a post for all to see."""


class Role(StrEnum):
    """Whose side of the conversation a message is on."""

    USER = "user"
    ASSISTANT = "assistant"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    BOT = "bot"
    OPERATOR = "operator"
    HUMAN = "human"
    """A person who typed it in the Instagram app; only its echo reached us."""


class MessageStatus(StrEnum):
    """How far a message is; a user's is always `received`."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    """How far a queue item is."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class ConversationStatus(StrEnum):
    """Who may answer in a conversation: the bot only while it is `open`."""

    OPEN = "open"
    PAUSED = "paused"
    HUMAN = "human"
    STANDBY = "standby"
    """Another app holds the thread."""
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a user's message ended."""

    ANSWERED = "answered"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Priority(IntEnum):
    """Which reply goes first; a lower number goes earlier."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Parting(StrEnum):
    """Why one last automatic message may pass where the bot must be silent; marked on its item."""

    HAND_OVER = "hand_over"
    """It says that a person takes over, and passes the very hold that this begins."""
    OPT_OUT = "opt_out"
    """It confirms that the contact opted out, and passes that alone."""


class Stage(StrEnum):
    """Where on its journey something happened to a message."""

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
    """Who writes to whom: a person's id means something only beside the account's."""

    account_id: str
    psid: str


def readable_name(name: str) -> str:
    """Return a contact's name as one line, without the controls that turn what stands around it.

    The joiners stay, without which some scripts and emoji are misspelt.
    """
    words = name[:_MAX_NAME_CHARACTERS].split()
    return " ".join(word for each in words if (word := "".join(filter(_is_shown, each))))


def _is_shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN


class Right(StrEnum):
    """What somebody may do; each includes those before it."""

    READS = "reads"
    ANSWERS = "answers"
    ADMINISTERS = "administers"

    def includes(self, other: "Right") -> bool:
        """Tell whether whoever has this right has the other one too."""
        rights = tuple(Right)
        return rights.index(self) >= rights.index(other)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a message, and why; never holds what a person wrote."""

    message_id: int
    at: datetime
    stage: Stage
    outcome: str
    """One or two words: stored, passed, waiting, duplicate, sent …"""
    detail: str = field(default="")
    """The figures behind it, for a person to read."""
