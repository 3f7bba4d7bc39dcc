from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Delivered:
    """Instagram accepted the message and returned its id. A reaction has no id."""

    mid: str | None
    usage_percent: float = 0
    """How much of its quota the account has used; at 100 Meta refuses calls."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The message certainly did not arrive and may be tried again."""

    because: str


NOT_THE_SENDER = Undelivered("this node's sender lease has expired")


@dataclass(frozen=True, slots=True)
class NotBegun:
    """No call was made: by the time that it was to begin, its account was resting."""

    because: str
    until: datetime
    """When the account may make calls again."""


Obstacle = NotBegun | Undelivered
"""What holds a call back that was handed over already."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Instagram asks this account to wait; `wait` is None if it named no time."""

    because: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AccountStopped:
    """The account cannot send until an operator acts (dead token, policy block)."""

    because: str
    is_token_dead: bool = False
    """Whether only a new access token helps."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The message did not arrive and never will."""

    because: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The message may have arrived: timeout, lost connection, 5xx, Graph error codes 1 and 2."""

    because: str
    may_go_again: bool = True
    """Whether to send it again if it turns out not to have arrived."""


DeliveryResult = (
    Delivered | Undelivered | NotBegun | Throttled | AccountStopped | Rejected | Unconfirmed
)


@dataclass(frozen=True, slots=True)
class KnownMessages:
    """What is stored of a thread in whose record a reply is looked for."""

    mids: frozenset[str] = frozenset()
    """Messages already accounted for: an equal text among them proves nothing."""
    last_before_mid: str | None = None
    """The contact's last message that was stored before the reply was queued."""


NOTHING_KNOWN = KnownMessages()


@dataclass(frozen=True, slots=True)
class FoundInRecord:
    """Instagram's own record shows the message."""

    mid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MissingFromRecord:
    """Instagram's own record was read and does not show the message."""

    may_go_again: bool = True


@dataclass(frozen=True, slots=True)
class RecordUnreadable:
    """Instagram's record could not be read, which proves nothing."""

    because: str
    is_misasked: bool = field(default=False, compare=False)
    """Whether a different request may be able to read it."""


VerificationResult = FoundInRecord | MissingFromRecord | RecordUnreadable
