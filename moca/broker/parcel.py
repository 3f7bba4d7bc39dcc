from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

SET_ASIDE = "set-aside"
"""Routes to the queue of parcels that no node could store; a person takes them from there."""


class Kind(StrEnum):
    """What a parcel holds."""

    TOKEN = "token"  # noqa: S105 - one of a ring, and no secret
    """Nothing: whoever is handed it is the one active consumer of its queue."""
    WEBHOOK = "webhook"
    EVENT = "event"
    UNKNOWN = "unknown"
    """Something that this version cannot read; another may."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message of a queue."""

    kind: Kind
    body: bytes = field(default=b"", repr=False)
    at: datetime | None = None
    """When a webhook was received; None for all else."""
    type: str = ""
    """What an unknown kind is called at the broker."""
    because: str = ""
    """Why it was set aside; empty where it was not."""


TOKEN = Parcel(Kind.TOKEN)


class Tag(NamedTuple):
    """Names a delivery for as long as the connection stands over which it came."""

    connection: int
    number: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The broker handed over a parcel; it is owed an answer. Broker -> Membership."""

    seat: str
    term: int
    """Of the subscription by which it came."""
    tag: Tag
    parcel: Parcel
    came_before: bool
    """Whether it may have been handed to somebody already."""


@dataclass(frozen=True, slots=True)
class BrokerFound:
    """The queues stand and can be subscribed to. Broker -> Membership."""


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """Whatever was delivered and not answered goes to others. Broker -> Membership."""
