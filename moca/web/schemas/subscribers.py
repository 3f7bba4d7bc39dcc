from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from moca.core.feed import FeedKind
from moca.core.subscribers import MAX_URL_LENGTH, FeedDeliveryStatus, secret_fault
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody
from moca.web.schemas.responses import ResponseModel

MAX_SUBSCRIBER_NAME_LENGTH = 80


def _secret(secret: str) -> str:
    if secret and (fault := secret_fault(secret)):
        raise ValueError(fault)
    return secret


class SubscriberBody(RequestBody):
    """A new subscriber."""

    name: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True,
            min_length=1,
            max_length=MAX_SUBSCRIBER_NAME_LENGTH,
            pattern=r"^[^\x00-\x1f\x7f]+$",
        ),
    ]
    url: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_LENGTH)] = Field(
        description="Receives the events: https, at a public address."
    )
    kinds: tuple[FeedKind, ...] = Field((), max_length=50, description="Empty for all.")
    texts: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether events come with texts and names."
    )
    secret: Annotated[str, StringConstraints(max_length=200), AfterValidator(_secret)] = Field(
        "", description="Signs the events: whsec_ and 24 to 64 bytes in base64. Empty: a new one."
    )


class ReplayBody(RequestBody):
    """From where events are delivered once more."""

    after: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)] = Field(
        description="The id of an event; 0 for the oldest one kept."
    )


class SubscriberPath(SchemaModel):
    """The subscriber in the path."""

    subscriber_id: str = Field(description="ID of the subscriber.")


class FeedDeliveryPath(SchemaModel):
    """The delivery in the path."""

    delivery_id: str = Field(description="ID of the delivery.")


class SubscriberShape(ResponseModel):
    """A program that is sent the feed's events."""

    id: str
    name: str
    url: str
    kinds: tuple[FeedKind, ...]
    texts: bool = Field(validation_alias="has_texts")
    cursor: int = Field(description="The last event that was delivered, set aside or left out.")
    attempts: int = Field(description="Failed attempts to deliver the next event.")
    due_at: AwareDatetime | None = Field(description="When the next event is tried again.")
    fault: str = Field(description="Why the last attempt failed.")
    paused: bool = Field(validation_alias="is_paused")
    created_at: AwareDatetime


class NewSubscriberShape(ResponseModel):
    """A new subscriber, with its secret, which is never shown again."""

    subscriber: SubscriberShape
    secret: str


class SubscribersShape(ResponseModel):
    """All subscribers, sorted by name."""

    items: tuple[SubscriberShape, ...]


class SubscriberRemovedShape(ResponseModel):
    """A removed subscriber."""

    id: str
    removed: bool


class FeedDeliveryShape(ResponseModel):
    """An event that was delivered, or set aside after its last attempt."""

    id: str
    event_id: int
    kind: FeedKind
    at: AwareDatetime
    attempts: int
    status: FeedDeliveryStatus
    fault: str


class FeedDeliveriesShape(ResponseModel):
    """Deliveries, those that were set aside first, then newest first."""

    items: tuple[FeedDeliveryShape, ...]


class FeedDeliveryQueuedShape(ResponseModel):
    """A delivery that is made once more."""

    id: str
    queued: bool
