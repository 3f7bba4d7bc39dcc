from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    OnErrorOmit,
    PlainValidator,
)
from pydantic_core import CoreSchema, core_schema

from moca.instagram.ids import read_id, read_mid
from moca.instagram.timestamps import read_instant


@dataclass(frozen=True, slots=True)
class DefaultOnError:
    """Substitutes a default for a malformed value, so that one odd key loses no message."""

    default: object

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the field's schema with a default that also replaces an invalid value."""
        return core_schema.with_default_schema(
            handler(source), default=self.default, on_error="default"
        )


def read_text(value: object) -> str:
    """Return a contact's text without NULs and lone surrogates, which cannot be stored."""
    if not isinstance(value, str):
        return ""
    kept = value.replace("\x00", "")
    if kept.isascii():
        return kept
    return kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


Flag = Annotated[bool, DefaultOnError(default=False)]
Mid = Annotated[str | None, PlainValidator(read_mid)]
Text = Annotated[str, PlainValidator(read_text)]
Kind = Annotated[str, BeforeValidator(read_id), Field(max_length=64)]


class PayloadModel(BaseModel):
    """A part of a payload; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True)


class PartyPayload(PayloadModel):
    """The sender or the recipient."""

    id: Annotated[str, BeforeValidator(read_id)]


class MediaPayload(PayloadModel):
    """The `payload` of an attachment."""

    url: Annotated[Text, Field(validation_alias=AliasChoices("url", "story_media_url"))] = ""
    title: Text = ""
    id: Annotated[
        Mid,
        Field(
            validation_alias=AliasChoices(
                "ig_post_media_id", "reel_video_id", "story_media_id", "id", "video_id"
            )
        ),
    ] = None


class AttachmentPayload(PayloadModel):
    """Anything but text; unknown types are accepted."""

    type: Kind
    payload: Annotated[MediaPayload, DefaultOnError(MediaPayload())] = MediaPayload()


class NamedPayload(PayloadModel):
    """An object of which only the id matters."""

    id: Mid = None


class AdPayload(PayloadModel):
    """The content of a clicked ad."""

    ad_title: Text = ""
    photo_url: Text = ""
    video_url: Text = ""


class ReferralPayload(PayloadModel):
    """The link, ad or product through which a contact came."""

    ref: Text = ""
    source: Text = ""
    type: Text = ""
    ad_id: Mid = None
    ads_context_data: Annotated[AdPayload, DefaultOnError(AdPayload())] = AdPayload()
    product: Annotated[NamedPayload, DefaultOnError(NamedPayload())] = NamedPayload()


class StoryPayload(PayloadModel):
    """The story that a message replies to."""

    id: Mid = None
    url: Text = ""


class ReplyToPayload(PayloadModel):
    """The message or story that a message replies to."""

    mid: Mid = None
    story: Annotated[StoryPayload | None, DefaultOnError(None)] = None


class MessagePayload(PayloadModel):
    """The `message` of an item."""

    mid: Mid = None
    text: Text = ""
    attachments: Annotated[tuple[OnErrorOmit[AttachmentPayload], ...], DefaultOnError(())] = ()
    quick_reply: object = None
    reply_to: Annotated[ReplyToPayload | None, DefaultOnError(None)] = None
    referral: Annotated[ReferralPayload | None, DefaultOnError(None)] = None
    is_echo: Flag = False
    is_self: Flag = False
    is_deleted: Flag = False
    is_unsupported: Flag = False


class PostbackPayload(PayloadModel):
    """The `postback` of an item: a button, an ice breaker or a menu entry was tapped."""

    mid: Mid = None
    title: Text = ""
    payload: Text = ""
    referral: Annotated[ReferralPayload | None, DefaultOnError(None)] = None


class MessageEditPayload(PayloadModel):
    """The `message_edit` of an item."""

    mid: Mid = None
    text: Text = ""
    num_edit: Annotated[int | None, DefaultOnError(None)] = None

    @property
    def number(self) -> int:
        """Return the number of the edit; 0 for the hint that comes with a new message."""
        return self.num_edit if self.num_edit is not None else int(bool(self.text))


class MessagingPayload(PayloadModel):
    """An item of `messaging` or `standby`, or the value of a change of the same shape."""

    sender: Annotated[PartyPayload | None, DefaultOnError(None)] = None
    recipient: Annotated[PartyPayload | None, DefaultOnError(None)] = None
    timestamp: Annotated[datetime | None, PlainValidator(read_instant)] = None
    message: Annotated[MessagePayload | None, DefaultOnError(None)] = None
    postback: Annotated[PostbackPayload | None, DefaultOnError(None)] = None
    message_edit: Annotated[MessageEditPayload | None, DefaultOnError(None)] = None
    is_self: Flag = False

    @property
    def is_to_itself(self) -> bool:
        """Return whether the account wrote to itself, which not every webhook states."""
        return self.is_self or (self.sender is not None and self.sender == self.recipient)


class CommenterPayload(PartyPayload):
    """The author of a comment; the account itself has another id as well."""

    self_ig_scoped_id: object = None
    username: Text = ""


class CommentPayload(PayloadModel):
    """The value of a change of `comments` or `live_comments`."""

    id: Annotated[Mid, Field(validation_alias=AliasChoices("id", "comment_id"))] = None
    text: Text = ""
    commenter: Annotated[CommenterPayload | None, DefaultOnError(None), Field(alias="from")] = None
    media: Annotated[NamedPayload, DefaultOnError(NamedPayload())] = NamedPayload()
    parent_id: Mid = None
