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
    Role,
    Stage,
)
from moca.web.schemas.base import SchemaModel

PriorityName = Literal["high", "normal", "low"]


def _priority_name(value: object) -> object:
    return value.name.lower() if isinstance(value, Priority) else value


def _label_names(value: object) -> object:
    return [each.name for each in value] if isinstance(value, tuple) else value


class ResponseModel(SchemaModel):
    """A part of a response: ids are strings, instants are ISO 8601 in UTC."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True, frozen=True)


class FaultShape(ResponseModel):
    """An error: a code for programs, a message for developers."""

    code: str
    message: str


class ProblemShape(ResponseModel):
    """The body of every error response, by RFC 9457."""

    type: str = Field(description="Always about:blank.")
    title: str
    status: int
    detail: str
    error: FaultShape


class ContactNameShape(ResponseModel):
    """A contact's name."""

    account_id: str
    psid: str
    name: str | None


class ContactKeyShape(ResponseModel):
    """A contact's ids at Instagram."""

    account_id: str
    psid: str


class ContactShape(ContactNameShape):
    """A contact that wrote to an account."""

    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    window_opened_at: AwareDatetime | None = Field(
        description="Start of Instagram's 24-hour reply window."
    )
    message_count: int


class SnoozeShape(ResponseModel):
    """A time for which a conversation is off the work lists."""

    since: AwareDatetime
    until: AwareDatetime | None = Field(description="Null: until the contact writes.")


class ConversationShape(ResponseModel):
    """A conversation with a contact, and who may answer in it."""

    id: str
    contact: ContactNameShape
    status: ConversationStatus
    held_until: AwareDatetime | None = Field(description="End of a pause or takeover.")
    held_by: str | None = Field(description="The teammate who has taken over, if known.")
    assignee: str | None = Field(description="Name of the user who has it.")
    snooze: SnoozeShape | None = Field(
        description="Null once the contact has written, or a person has replied or closed it."
    )
    labels: Annotated[tuple[str, ...], BeforeValidator(_label_names)] = Field(
        description="Names of its labels, sorted."
    )
    created_at: AwareDatetime
    last_user_message_at: AwareDatetime | None
    last_bot_message_at: AwareDatetime | None
    last_activity_at: AwareDatetime
    cooldown_until: AwareDatetime | None


class MadeByShape(ResponseModel):
    """What made a reply of the bot."""

    generator: str = Field(description="Its name in the settings.")
    rule: str | None = Field(description="The rule that the reply follows.")
    bot: str = Field(description="The account's bot; default is that of the settings file.")
    version: int | None = Field(description="Of the bot; null for default.")


class MessageShape(ResponseModel):
    """A message of either side, and its outcome."""

    mid: str = Field(description="Instagram's message ID, or moca-<id> until a reply has one.")
    kind: str
    type: str
    role: Role
    author: Author
    author_name: str | None = Field(
        description="Name of the operator who wrote it, or API; of a draft, also that "
        "of the API key."
    )
    text: str
    content: dict[str, Any] | None = Field(
        description="Content besides the text: media, buttons, the message it replies to. Null if "
        "there is none."
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
    made_by: MadeByShape | None = Field(
        description="Null for people, for texts of the settings such as the away message, and for "
        "replies from before this was recorded."
    )
    ai_generated: bool | None = Field(
        validation_alias="is_ai_generated",
        description="Whether a language model, or the mock generator, wrote it. Null for people "
        "and for replies from before this was recorded.",
    )
    topic: str | None = Field(
        description="What the bot's reply is about. Null for people, and where nothing named one."
    )
    drafted_text: str | None = Field(
        description="What was drafted, if a teammate changed it on approval; otherwise null."
    )


class QueueItemShape(ResponseModel):
    """A reply's place in the queue and the state of its sending."""

    id: str
    mid: str
    conversation_id: str
    contact: ContactNameShape
    author: Author
    text: str
    status: ItemStatus
    release_at: AwareDatetime | None = Field(
        description="When a held reply is sent by itself. Null if it waits for approval, or is not "
        "held."
    )
    priority: Annotated[PriorityName, BeforeValidator(_priority_name)]
    scheduled_for: AwareDatetime
    attempts: int
    because: str
    created_at: AwareDatetime
    sending_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    echoed_at: AwareDatetime | None = Field(description="When Instagram's echo confirmed delivery.")


class StepShape(ResponseModel):
    """A step of a journey."""

    mid: str = Field(description="The message, or its reply, that the step belongs to.")
    at: AwareDatetime
    stage: Stage
    outcome: str
    detail: str


class WaitingShape(ResponseModel):
    """What a message waits for; `until` is null if there is no deadline."""

    stage: Stage
    because: str
    until: AwareDatetime | None


class JourneyShape(ResponseModel):
    """What happened to a message, and why."""

    mid: str
    outcome: str | None = Field(description="Null while the message is in progress.")
    because: str = Field(
        description="The reason for the outcome, or what the message is waiting for."
    )
    steps: tuple[StepShape, ...] = Field(description="Oldest first.")
    waiting: WaitingShape | None


class _Listed(ResponseModel):
    next_cursor: str | None = Field(description="Null on the last page.")


class ConversationsShape(_Listed):
    """A page of conversations."""

    items: tuple[ConversationShape, ...]


class MessagesShape(_Listed):
    """A page of messages."""

    items: tuple[MessageShape, ...]


class ContactsShape(_Listed):
    """A page of contacts."""

    items: tuple[ContactShape, ...]


_FROZEN_SINCE = "When sending was paused; null if it is not paused."


class QueueShape(_Listed):
    """A page of queue items, and the number of items by status."""

    counts: dict[ItemStatus, int]
    items: tuple[QueueItemShape, ...]
    frozen_since: AwareDatetime | None = Field(None, description=_FROZEN_SINCE)


class FreezeShape(ResponseModel):
    """Whether sending is frozen."""

    frozen_since: AwareDatetime | None = Field(description=_FROZEN_SINCE)


class FallingOutShape(ResponseModel):
    """A reply whose window closes before its turn."""

    item_id: str
    contact: ContactKeyShape
    window_ends_at: AwareDatetime | None


class ForecastShape(ResponseModel):
    """The queue's future at today's limits, if nothing is added to it."""

    drains_at: AwareDatetime
    looked_at: int = Field(description="Replies that were simulated; any others are only counted.")
    pending: int
    falling_out: tuple[FallingOutShape, ...] = Field(description="The first of them.")
    falling_out_count: int
    delayed: int = Field(description="Held replies that go by themselves; simulated as well.")
    drafts: int = Field(description="Held replies that wait for approval; not simulated.")
    frozen_since: AwareDatetime | None


class ErasedShape(ResponseModel):
    """An erased contact, or one whose stored webhooks are still being searched."""

    account_id: str
    psid: str
    erased: bool = Field(description="Whether the erasure is complete, on disk too.")
    confirmation_code: str = Field(
        description="/instagram/data-deletion/<code> shows when the deletion is complete."
    )


class ExportShape(ResponseModel):
    """All data of a contact: rows as they are stored."""

    contact: dict[str, Any]
    conversations: list[dict[str, Any]] = Field(
        description="With their messages, notes and queue items."
    )
    events: list[dict[str, Any]]
    webhooks: list[dict[str, Any]] = Field(
        description="From the stored webhook bodies: the items that name the contact, unchanged."
    )
