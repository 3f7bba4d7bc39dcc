from enum import IntEnum, StrEnum

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
