from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

SET_ASIDE = "set-aside"
"""Routing key of the queue of parcels that no node could store, for an operator to inspect."""


class ParcelKind(StrEnum):
    """What a parcel holds."""

    TOKEN = "token"  # noqa: S105 - a token of a queue, not a secret
    """Nothing: the node that receives it is the one active consumer of its queue."""
    WEBHOOK = "webhook"
    EVENT = "event"
    UNKNOWN = "unknown"
    """Something that this version cannot read, but another may."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message of a queue."""

    kind: ParcelKind
    body: bytes = field(default=b"", repr=False)
    at: datetime | None = None
    """When a webhook was received; None for other kinds."""
    signature: str | None = field(default=None, repr=False)
    """The `X-Hub-Signature-256` of a webhook."""
    type: str = ""
    """The name of an unknown kind at the broker."""
    because: str = ""
    """Why it was set aside; empty if it was not."""


TOKEN = Parcel(ParcelKind.TOKEN)


class DeliveryTag(NamedTuple):
    """Identifies a delivery for as long as its connection lasts."""

    connection: int
    number: int


@dataclass(frozen=True, slots=True)
class DeliveredParcel:
    """The broker delivered a parcel, which needs an acknowledgement. Broker -> Membership."""

    seat: str
    term: int
    """Of the subscription that delivered it."""
    tag: DeliveryTag
    parcel: Parcel
    came_before: bool
    """Whether it may have been delivered before."""


@dataclass(frozen=True, slots=True)
class BrokerConnected:
    """The queues exist and can be subscribed to. Broker -> Membership."""


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """Unacknowledged deliveries go to other nodes. Broker -> Membership."""
