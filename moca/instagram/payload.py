from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    OnErrorOmit,
    PlainValidator,
)
from pydantic_core import CoreSchema, core_schema

from moca.instagram.identity import read_id, read_mid
from moca.instagram.instants import read_instant


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


class Attachment(Shape):
    """Anything but text; only its type is read."""

    type: Kind


class Message(Shape):
    """The `message` of an item."""

    mid: Mid = None
    text: Text = ""
    attachments: Annotated[tuple[OnErrorOmit[Attachment], ...], Otherwise(())] = ()
    quick_reply: Any = None
    is_echo: Flag = False
    is_self: Flag = False
    is_deleted: Flag = False
    is_unsupported: Flag = False


class Postback(Shape):
    """The `postback` of an item: a button, an ice breaker or a menu entry was tapped."""

    mid: Mid = None
    title: Text = ""


class Messaging(Shape):
    """An item of `messaging` or `standby`, or the value of a change that has the same shape."""

    sender: Annotated[Party | None, Otherwise(None)] = None
    recipient: Annotated[Party | None, Otherwise(None)] = None
    timestamp: Annotated[datetime | None, PlainValidator(read_instant)] = None
    message: Annotated[Message | None, Otherwise(None)] = None
    postback: Annotated[Postback | None, Otherwise(None)] = None
    is_self: Flag = False
