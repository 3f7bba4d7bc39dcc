from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

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
class Otherwise:
    """Take this where the value is not of the right shape, so that one odd key loses no message."""

    default: object

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the field's schema with a default that also stands in for a wrong value."""
        return core_schema.with_default_schema(
            handler(source), default=self.default, on_error="default"
        )


def read_text(value: object) -> str:
    """Read what a person wrote, without the NULs and lone surrogates that nothing can store."""
    if not isinstance(value, str):
        return ""
    kept = value.replace("\x00", "")
    if kept.isascii():
        return kept
    return kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


Flag = Annotated[bool, Otherwise(default=False)]
Mid = Annotated[str | None, PlainValidator(read_mid)]
Text = Annotated[str, PlainValidator(read_text)]
Kind = Annotated[str, BeforeValidator(read_id), Field(max_length=64)]


class Shape(BaseModel):
    """A part of a payload; keys it does not name are let pass."""

    model_config = ConfigDict(frozen=True)


class Party(Shape):
    """The sender or the recipient."""

    id: Annotated[str, BeforeValidator(read_id)]


class Media(Shape):
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


class Attachment(Shape):
    """Anything but text; a type not known is as good as any."""

    type: Kind
    payload: Annotated[Media, Otherwise(Media())] = Media()


class Named(Shape):
    """Something of which only the id counts."""

    id: Mid = None


class Ad(Shape):
    """What an ad showed that was clicked on."""

    ad_title: Text = ""
    photo_url: Text = ""
    video_url: Text = ""


class Referral(Shape):
    """A link, an ad or a product that brought somebody here."""

    ref: Text = ""
    source: Text = ""
    type: Text = ""
    ad_id: Mid = None
    ads_context_data: Annotated[Ad, Otherwise(Ad())] = Ad()
    product: Annotated[Named, Otherwise(Named())] = Named()


class Story(Shape):
    """A story that is answered."""

    id: Mid = None
    url: Text = ""


class ReplyTo(Shape):
    """The message or story that a message answers."""

    mid: Mid = None
    story: Annotated[Story | None, Otherwise(None)] = None


class Message(Shape):
    """The `message` of an item."""

    mid: Mid = None
    text: Text = ""
    attachments: Annotated[tuple[OnErrorOmit[Attachment], ...], Otherwise(())] = ()
    quick_reply: Any = None
    reply_to: Annotated[ReplyTo | None, Otherwise(None)] = None
    referral: Annotated[Referral | None, Otherwise(None)] = None
    is_echo: Flag = False
    is_self: Flag = False
    is_deleted: Flag = False
    is_unsupported: Flag = False


class Postback(Shape):
    """The `postback` of an item: a button, an ice breaker or a menu entry was tapped."""

    mid: Mid = None
    title: Text = ""
    payload: Text = ""
    referral: Annotated[Referral | None, Otherwise(None)] = None


class MessageEdit(Shape):
    """The `message_edit` of an item."""

    mid: Mid = None
    text: Text = ""
    num_edit: Annotated[int | None, Otherwise(None)] = None

    @property
    def number(self) -> int:
        """Which edit it is; 0 for the hint that comes with a new message."""
        return self.num_edit if self.num_edit is not None else int(bool(self.text))


class Messaging(Shape):
    """An item of `messaging` or `standby`, or the value of a change that has the same shape."""

    sender: Annotated[Party | None, Otherwise(None)] = None
    recipient: Annotated[Party | None, Otherwise(None)] = None
    timestamp: Annotated[datetime | None, PlainValidator(read_instant)] = None
    message: Annotated[Message | None, Otherwise(None)] = None
    postback: Annotated[Postback | None, Otherwise(None)] = None
    message_edit: Annotated[MessageEdit | None, Otherwise(None)] = None
    is_self: Flag = False

    @property
    def is_to_itself(self) -> bool:
        """Whether the account wrote to itself, which not every webhook says."""
        return self.is_self or (self.sender is not None and self.sender == self.recipient)


class Commenter(Party):
    """Who commented; the account itself has another id beside."""

    self_ig_scoped_id: Any = None


class Comment(Shape):
    """The value of a change of `comments` or `live_comments`."""

    id: Annotated[Mid, Field(validation_alias=AliasChoices("id", "comment_id"))] = None
    text: Text = ""
    commenter: Annotated[Commenter | None, Otherwise(None), Field(alias="from")] = None
    media: Annotated[Named, Otherwise(Named())] = Named()
    parent_id: Mid = None
