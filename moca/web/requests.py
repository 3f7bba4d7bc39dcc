from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from moca.core.vocabulary import ConversationStatus, ItemStatus
from moca.web.shapes import PriorityName

LONGEST_TEXT_BYTES = 1000

_LONGEST_PAUSE_MINUTES = 366 * 24 * 60


def _text_to_send(text: str) -> str:
    if not text.strip():
        raise ValueError("it must not be blank")
    if "\x00" in text:
        raise ValueError("it must not hold NUL")
    if len(text.encode()) > LONGEST_TEXT_BYTES:
        raise ValueError(f"it must not be longer than {LONGEST_TEXT_BYTES} bytes of UTF-8")
    return text


def _written_instant(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it must be text such as 2026-11-22T18:00:00Z")  # noqa: TRY004
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
TextToSend = Annotated[str, AfterValidator(_text_to_send)]
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_written_instant)]


class Query(BaseModel):
    """What stands after the question mark; keys it does not name are refused."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Query):
    """Which stretch of a list."""

    cursor: Annotated[str, StringConstraints(max_length=64)] | None = None
    limit: Limit = 50


class ConversationsQuery(ListQuery):
    """Which conversations."""

    status: ConversationStatus | None = None
    psid: Name | None = None


class QueueQuery(ListQuery):
    """Which queue items."""

    status: ItemStatus | None = None


class ContactQuery(Query):
    """Which of the contacts with one id."""

    account_id: Name | None = Field(
        None, description="Where several accounts know the same id; else the one seen last."
    )


class Body(BaseModel):
    """What a request carries; keys it does not name are refused, no body is an empty one."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class ReplyBody(Body):
    """An operator's reply."""

    text: TextToSend = Field(description=f"1 to {LONGEST_TEXT_BYTES} bytes of UTF-8.")
    priority: PriorityName = "normal"
    scheduled_for: WrittenInstant | None = Field(None, description="Now where it is missing.")


class PauseBody(Body):
    """How long to pause."""

    minutes: Annotated[int, Field(strict=True, ge=1, le=_LONGEST_PAUSE_MINUTES)] | None = Field(
        None, description="Until somebody resumes where it is missing."
    )


class SettleBody(Body):
    """The operator's word."""

    delivered: Annotated[bool, Field(strict=True)]


class SandboxBody(Body):
    """What a contact of the sandbox writes."""

    psid: Name
    text: TextToSend
    name: Name | None = None


class MessagePath(BaseModel):
    """Which message."""

    mid: str


class ConversationPath(BaseModel):
    """Which conversation."""

    conversation_id: str


class ItemPath(BaseModel):
    """Which queue item."""

    item_id: str


class ContactPath(BaseModel):
    """Which contact."""

    psid: str
