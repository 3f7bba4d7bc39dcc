from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Delivered:
    """Instagram took the message and named it; a reaction has no name."""

    mid: str | None
    usage_percent: float = 0
    """How much of its quota the account has used; at 100 Meta refuses."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """It certainly did not arrive and may be tried again."""

    because: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Instagram asks this account to wait; None where it named no time."""

    because: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AccountStopped:
    """Nothing of this account can go until a person acts (token dead, policy block)."""

    because: str
    is_token_dead: bool = False
    """Whether only a new access token helps."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It did not arrive and never will."""

    because: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It may or may not have arrived: timeout, lost connection, 5xx, Graph codes 1 and 2."""

    because: str
    may_go_again: bool = True
    """Whether it is to be sent again if it turns out not to have arrived."""


DeliveryResult = Delivered | Undelivered | Throttled | AccountStopped | Rejected | Unconfirmed


@dataclass(frozen=True, slots=True)
class Arrived:
    """Instagram's own record shows the message."""

    mid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotArrived:
    """Instagram's own record was read and does not show the message."""

    may_go_again: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Instagram's record could not be read, which proves nothing."""

    because: str
    is_misasked: bool = field(default=False, compare=False)
    """Whether it may be readable, asked for otherwise."""


VerificationResult = Arrived | NotArrived | Unreadable
