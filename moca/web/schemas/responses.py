from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
)

from moca.core.types import (
    Author,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Outcome,
    Priority,
    Right,
    Role,
    Stage,
)
from moca.web.schemas.base import Described

PriorityName = Literal["high", "normal", "low"]


def _priority_name(value: object) -> object:
    return value.name.lower() if isinstance(value, Priority) else value


class Shape(Described):
    """A part of an answer: ids are text, instants are ISO 8601 in UTC."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True, frozen=True)


class Fault(Shape):
    """What went wrong: a code for programs, a message for people."""

    code: str
    message: str


class ProblemShape(Shape):
    """What every error answer holds."""

    error: Fault


class ContactNameShape(Shape):
    """Who a person is."""

    account_id: str
    psid: str
    name: str | None


class ContactKeyShape(Shape):
    """A person, by what Instagram calls them."""

    account_id: str
    psid: str


class ContactShape(ContactNameShape):
    """A person who wrote to an account."""

    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    window_opened_at: AwareDatetime | None = Field(
        description="Instagram's 24 hours run from here."
    )
    message_count: int


class ConversationShape(Shape):
    """A stretch of talk with a contact, and who may answer in it."""

    id: str
    contact: ContactNameShape
    status: ConversationStatus
    held_until: AwareDatetime | None = Field(description="End of a pause or takeover.")
    held_by: str | None = Field(description="The teammate who has taken it over, where known.")
    created_at: AwareDatetime
    last_user_message_at: AwareDatetime | None
    last_bot_message_at: AwareDatetime | None
    last_activity_at: AwareDatetime
    cooldown_until: AwareDatetime | None


class MessageShape(Shape):
    """What somebody wrote, on either side, and what became of it."""

    mid: str = Field(description="Instagram's id, or moca-<id> while a reply has none.")
    kind: str
    type: str
    role: Role
    author: Author
    author_name: str | None = Field(description="The operator who wrote it, or API.")
    text: str
    content: dict[str, Any] | None = Field(
        description="What goes with the text: media, buttons, what it answers; null if nothing."
    )
    status: MessageStatus
    processed: bool
    outcome: Outcome | None
    because: str
    contact: ContactNameShape
    conversation_id: str
    created_at: AwareDatetime
    sent_at: AwareDatetime | None
    reply_mid: str | None = Field(description="The reply that answers it.")
    duplicate_of_mid: str | None
    redeliveries: int


class QueueItemShape(Shape):
    """A reply's place in the queue and how its sending goes."""

    id: str
    mid: str
    conversation_id: str
    contact: ContactNameShape
    author: Author
    text: str
    status: ItemStatus
    priority: Annotated[PriorityName, BeforeValidator(_priority_name)]
    scheduled_for: AwareDatetime
    attempts: int
    because: str
    created_at: AwareDatetime
    sending_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    echoed_at: AwareDatetime | None = Field(description="When Instagram's echo proved it.")


class StepShape(Shape):
    """One line of a journey."""

    mid: str = Field(description="Whose step it is: the message's, or its reply's.")
    at: AwareDatetime
    stage: Stage
    outcome: str
    detail: str


class WaitingShape(Shape):
    """What a message waits for; `until` is null where no clock decides."""

    stage: Stage
    because: str
    until: AwareDatetime | None


class JourneyShape(Shape):
    """What happened to a message, and why."""

    mid: str
    outcome: str | None = Field(description="Null while the journey goes on.")
    because: str = Field(description="Why it ended so, or what it waits for.")
    steps: tuple[StepShape, ...] = Field(description="Oldest first.")
    waiting: WaitingShape | None


class _Listed(Shape):
    """A stretch of a list."""

    next_cursor: str | None = Field(description="Null at the end.")


class ConversationsShape(_Listed):
    """Conversations."""

    items: tuple[ConversationShape, ...]


class MessagesShape(_Listed):
    """Messages."""

    items: tuple[MessageShape, ...]


class ContactsShape(_Listed):
    """Contacts."""

    items: tuple[ContactShape, ...]


class QueueShape(_Listed):
    """Queue items, and how many there are by status."""

    counts: dict[ItemStatus, int]
    items: tuple[QueueItemShape, ...]
    frozen_since: AwareDatetime | None = Field(
        None, description="Since when nothing goes out; null while everything does."
    )


class FreezeShape(Shape):
    """Whether anything goes out."""

    frozen_since: AwareDatetime | None = Field(description="Null while everything goes.")


class FallingOutShape(Shape):
    """A reply whose window shuts before its turn."""

    item_id: str
    contact: ContactKeyShape
    window_ends_at: AwareDatetime | None


class ForecastShape(Shape):
    """What becomes of the queue at today's limits, if nothing is added to it."""

    drains_at: AwareDatetime
    looked_at: int = Field(description="Replies looked at; the rest is only counted.")
    pending: int
    falling_out: tuple[FallingOutShape, ...] = Field(description="The first of them.")
    falling_out_count: int
    frozen_since: AwareDatetime | None


class VisitorShape(Shape):
    """Who asks, and what they may do."""

    name: str
    right: Right


class ErasedShape(Shape):
    """A contact that is erased, or of whom the stored webhooks are still being searched."""

    account_id: str
    psid: str
    erased: bool = Field(description="Whether nothing is left, on the disk either.")
    confirmation_code: str = Field(
        description="/instagram/data-deletion/<code> tells when nothing is left."
    )


class ExportShape(Shape):
    """All that is kept of a contact: rows as they are stored."""

    contact: dict[str, Any]
    conversations: list[dict[str, Any]] = Field(
        description="Each with its messages, notes and queue items."
    )
    events: list[dict[str, Any]]
    webhooks: list[dict[str, Any]] = Field(
        description="Of the bodies linked with the contact, the items that name it, as they came."
    )


class LatenciesShape(Shape):
    """From a message's arrival to its reply's sending."""

    count: int
    p50_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None


class DayDeliveredShape(Shape):
    """How much of what was written in a day came by webhook."""

    day: str = Field(description="In UTC, as 2026-11-22.")
    delivered: int
    missed: int = Field(description="Found in Instagram's record, where no webhook had told it.")


class DeliveryShape(Shape):
    """How well an account's webhooks come, over the last 14 days."""

    account_id: str
    share: float | None = Field(description="Delivered, of all; null where nothing was written.")
    compared_until: AwareDatetime | None
    last_arrival_at: AwareDatetime | None
    quiet_since_at: AwareDatetime | None
    quiet_because: str
    days: list[DayDeliveredShape]


class StatsShape(Shape):
    """How things stand."""

    queue: dict[ItemStatus, int]
    conversations: dict[ConversationStatus, int]
    latest: int = Field(description="The latest messages that the outcomes are counted over.")
    outcomes: dict[Outcome, int]
    open: int
    replies: LatenciesShape
    delivery: list[DeliveryShape]
