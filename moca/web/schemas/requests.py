from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from moca.core.content import validation
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.messages.labels import MAX_LABELS_OF_CONVERSATION
from moca.core.types import ConversationStatus, ItemStatus
from moca.web.auth.weak_passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.responses import PriorityName
from moca.web.schemas.uploads import UploadId

_MAX_PAUSE_MINUTES = 366 * 24 * 60


def _text_to_send(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise ValueError(f"must not be longer than {MAX_MESSAGE_BYTES} bytes of UTF-8")
    return text


def _written_instant(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be text such as 2026-11-22T18:00:00Z")  # noqa: TRY004
    return value


def storable_words(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    text.encode()
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
TextToSend = Annotated[str, AfterValidator(_text_to_send)]
Words = Annotated[str, AfterValidator(storable_words)]
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_written_instant)]


class Query(SchemaModel):
    """The query parameters; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class AccountQuery(Query):
    """The account that figures are about."""

    account_id: Name | None = Field(
        None, description="Only this account; without it, all that the caller may see."
    )


class ListQuery(Query):
    """The page of a list."""

    cursor: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="The next_cursor of the page before; none for the first page."
    )
    limit: Limit = Field(50, description="Size of the page.")


class ConversationsQuery(ListQuery):
    """The filter of the conversations."""

    status: ConversationStatus | None = None
    psid: Name | None = None
    label: Name | None = Field(None, description="Name of a label.")


class QueueQuery(ListQuery, AccountQuery):
    """The filter of the queue items."""

    status: ItemStatus | None = None


class ContactQuery(Query):
    """The account of the contact, as ids are unique per account."""

    account_id: Name | None = Field(
        None,
        description="Needed only if several accounts know this contact; defaults to the most "
        "recent one.",
    )


class RequestBody(SchemaModel):
    """The request body; unknown keys are refused, and a missing body is an empty one."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class MediaBody(RequestBody):
    """Media that Instagram fetches from a public URL."""

    type: Words = Field(description="One of image, video, audio, file.")
    url: Words


class QuickReplyBody(RequestBody):
    """A short answer to tap."""

    title: Words = Field(description=f"1 to {validation.MAX_TAP_TITLE_LENGTH} characters.")
    payload: Words


class ButtonBody(RequestBody):
    """Opens a URL, or comes back as a postback: exactly one of the two is set."""

    title: Words = Field(description=f"1 to {validation.MAX_TAP_TITLE_LENGTH} characters.")
    url: Words | None = None
    payload: Words | None = None


class CardBody(RequestBody):
    """One of the cards of a generic template."""

    title: Words = Field(description=f"1 to {validation.MAX_TITLE_LENGTH} characters.")
    subtitle: Words = ""
    image_url: Words | None = None
    url: Words | None = Field(None, description="URL that opens when the contact taps the card.")
    buttons: tuple[ButtonBody, ...] = Field((), description=f"At most {validation.MAX_BUTTONS}.")


class ReplyBody(RequestBody):
    """An operator's reply: a text, alone or with buttons or quick replies, or another content."""

    text: Words = Field(
        "",
        description=f"At most {validation.MAX_REPLY_BYTES} bytes of UTF-8. More than "
        f"{MAX_MESSAGE_BYTES} bytes are sent as several messages.",
    )
    media: MediaBody | None = None
    upload: UploadId | None = Field(
        None, description="The ID of an upload, which is sent as a message after the text."
    )
    quick_replies: tuple[QuickReplyBody, ...] = Field(
        (), description=f"At most {validation.MAX_QUICK_REPLIES}."
    )
    buttons: tuple[ButtonBody, ...] = Field((), description=f"At most {validation.MAX_BUTTONS}.")
    cards: tuple[CardBody, ...] = Field((), description=f"At most {validation.MAX_CARDS}.")
    heart: Annotated[bool, Field(strict=True)] = False
    reply_to: Name | None = Field(None, description="The mid of the message to reply to.")
    comment: Name | None = Field(
        None,
        description="The mid of a comment to answer with a private reply: once, within 7 days.",
    )
    priority: PriorityName = Field("normal", description="One of high, normal, low.")
    scheduled_for: WrittenInstant | None = Field(None, description="Defaults to now.")
    hold: Annotated[bool, Field(strict=True)] = Field(
        default=True,
        description="Whether to take over the conversation for conversation.takeover_minutes. "
        "If false, the bot continues.",
    )
    draft: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Whether it waits until a teammate approves it, which takes over the "
        "conversation. Cannot be combined with scheduled_for, nor with hold false.",
    )

    @model_validator(mode="after")
    def _draft_goes_by_approval(self) -> Self:
        if self.draft and (self.scheduled_for is not None or not self.hold):
            raise ValueError("draft: cannot be combined with scheduled_for or hold false")
        return self


class ReactionBody(RequestBody):
    """A reaction to a contact's message."""

    mid: Name
    emoji: Annotated[Words, StringConstraints(min_length=1, max_length=32)] | None = Field(
        None, description="An emoji or a name such as love; null removes the reaction."
    )


class PasswordBody(RequestBody):
    """The old and the new password."""

    old: str = Field(repr=False, max_length=MAX_PASSWORD_LENGTH)
    new: str = Field(repr=False, min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)


class ConversationBody(RequestBody):
    """What to change in a conversation: at least one of these."""

    assignee: Name | None = Field(
        None, description="Name of its new assignee, a user; null for none."
    )
    labels: tuple[Name, ...] | None = Field(
        None,
        max_length=MAX_LABELS_OF_CONVERSATION,
        description="Names of its labels from now on.",
    )

    @model_validator(mode="after")
    def _has_a_change(self) -> Self:
        if "assignee" not in self.model_fields_set and self.labels is None:
            raise ValueError("must name assignee or labels")
        return self


class PauseBody(RequestBody):
    """How long to pause."""

    minutes: Annotated[int, Field(strict=True, ge=1, le=_MAX_PAUSE_MINUTES)] | None = Field(
        None, description="Defaults to no end: until the bot is resumed."
    )


class SnoozeBody(RequestBody):
    """How long to snooze."""

    until: WrittenInstant | None = Field(None, description="Defaults to: until the contact writes.")


class SettleBody(RequestBody):
    """The outcome that the operator found."""

    delivered: Annotated[bool, Field(strict=True)]


class ApproveBody(RequestBody):
    """What to send instead of the draft."""

    text: TextToSend | None = Field(None, description="Defaults to: what was drafted.")


class EditBody(RequestBody):
    """The new content of a pending reply."""

    text: TextToSend


class MessagePath(SchemaModel):
    """The message in the path."""

    mid: str = Field(description="Instagram's ID of the message.")


class ConversationPath(SchemaModel):
    """The conversation in the path."""

    conversation_id: str = Field(description="ID of the conversation.")


class ItemPath(SchemaModel):
    """The queue item in the path."""

    item_id: str = Field(description="ID of the queue item.")


class ContactPath(SchemaModel):
    """The contact in the path."""

    psid: str = Field(description="Instagram's ID of the contact, unique per account.")
