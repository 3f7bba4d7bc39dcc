from typing import Annotated, Any

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
from moca.core.types import ConversationStatus, ItemStatus
from moca.instagram.sandbox.account_problems import Trouble
from moca.web.auth.passwords import LONGEST, SHORTEST
from moca.web.pages.sandbox_actions import SandboxDoes
from moca.web.schemas.base import Described
from moca.web.schemas.responses import PriorityName

_LONGEST_PAUSE_MINUTES = 366 * 24 * 60


def _text_to_send(text: str) -> str:
    if not text.strip():
        raise ValueError("it must not be blank")
    if "\x00" in text:
        raise ValueError("it must not hold NUL")
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise ValueError(f"it must not be longer than {MAX_MESSAGE_BYTES} bytes of UTF-8")
    return text


def _written_instant(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it must be text such as 2026-11-22T18:00:00Z")  # noqa: TRY004
    return value


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it must not hold NUL")
    text.encode()
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
TextToSend = Annotated[str, AfterValidator(_text_to_send)]
Words = Annotated[str, AfterValidator(_storable)]
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_written_instant)]


class Query(Described):
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


class Body(Described):
    """What a request carries; keys it does not name are refused, no body is an empty one."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class MediaBody(Body):
    """What Instagram fetches from a public address."""

    type: Words = Field(description="image, video, audio or file.")
    url: Words


class QuickReplyBody(Body):
    """A short answer to tap."""

    title: Words = Field(description=f"1 to {validation.LONGEST_TAP_TITLE} characters.")
    payload: Words


class ButtonBody(Body):
    """Opens an address, or comes back as a postback: just one of the two is set."""

    title: Words = Field(description=f"1 to {validation.LONGEST_TAP_TITLE} characters.")
    url: Words | None = None
    payload: Words | None = None


class CardBody(Body):
    """One of the cards of a generic template."""

    title: Words = Field(description=f"1 to {validation.LONGEST_TITLE} characters.")
    subtitle: Words = ""
    image_url: Words | None = None
    url: Words | None = Field(None, description="What a tap on the card opens.")
    buttons: tuple[ButtonBody, ...] = Field((), description=f"At most {validation.MOST_BUTTONS}.")


class ReplyBody(Body):
    """An operator's reply: a text with or without buttons or quick replies, or something alone."""

    text: Words = Field(
        "",
        description=f"At most {validation.MAX_REPLY_BYTES} bytes of UTF-8; over "
        f"{MAX_MESSAGE_BYTES} it goes out in several messages.",
    )
    media: MediaBody | None = None
    quick_replies: tuple[QuickReplyBody, ...] = Field(
        (), description=f"At most {validation.MOST_QUICK_REPLIES}."
    )
    buttons: tuple[ButtonBody, ...] = Field((), description=f"At most {validation.MOST_BUTTONS}.")
    cards: tuple[CardBody, ...] = Field((), description=f"At most {validation.MOST_CARDS}.")
    heart: Annotated[bool, Field(strict=True)] = False
    reply_to: Name | None = Field(None, description="The mid of the message it answers.")
    comment: Name | None = Field(
        None, description="The mid of a comment that it answers in private: once, within 7 days."
    )
    priority: PriorityName = "normal"
    scheduled_for: WrittenInstant | None = Field(None, description="Now where it is missing.")
    hold: Annotated[bool, Field(strict=True)] = Field(
        default=True,
        description="Takes the conversation over for conversation.takeover_minutes; "
        "false lets the bot go on.",
    )


class ReactionBody(Body):
    """A sign on a contact's message."""

    mid: Name
    emoji: Annotated[Words, StringConstraints(min_length=1, max_length=32)] | None = Field(
        None, description="Also a name such as love; null takes the sign off."
    )


class PasswordBody(Body):
    """A password in place of another."""

    old: str = Field(repr=False, max_length=LONGEST)
    new: str = Field(repr=False, min_length=SHORTEST, max_length=LONGEST)


class PauseBody(Body):
    """How long to pause."""

    minutes: Annotated[int, Field(strict=True, ge=1, le=_LONGEST_PAUSE_MINUTES)] | None = Field(
        None, description="Until somebody resumes where it is missing."
    )


class SettleBody(Body):
    """The operator's word."""

    delivered: Annotated[bool, Field(strict=True)]


class EditBody(Body):
    """What a pending reply is to say instead."""

    text: TextToSend


class SandboxBody(Body):
    """What a contact of the sandbox writes."""

    psid: Name
    text: TextToSend
    name: Name | None = None


class SandboxActBody(Body):
    """What else a contact of the sandbox does."""

    psid: Name
    does: SandboxDoes
    mid: Annotated[str, Field(max_length=512), AfterValidator(_storable)] = ""
    """The message it is about."""
    text: Annotated[str, Field(max_length=1000), AfterValidator(_storable)] = ""
    payload: Annotated[str, Field(max_length=1000), AfterValidator(_storable)] = ""
    name: Name | None = None


class TroublesBody(Body):
    """What is to be wrong with the sandbox from now on."""

    troubles: list[Trouble]


class MessagePath(Described):
    """Which message."""

    mid: str


class ConversationPath(Described):
    """Which conversation."""

    conversation_id: str


class ItemPath(Described):
    """Which queue item."""

    item_id: str


class ContactPath(Described):
    """Which contact."""

    psid: str
