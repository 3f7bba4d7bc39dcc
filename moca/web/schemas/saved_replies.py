import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from moca.core.content.placeholders import SAVED_REPLY_PLACEHOLDERS, check_placeholders
from moca.core.content.validation import MAX_REPLY_BYTES
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody, Words
from moca.web.schemas.responses import ResponseModel
from moca.web.schemas.uploads import AttachedFileShape, UploadId

MAX_NAME_LENGTH = 80
MAX_SHORTCUT_LENGTH = 32
SHORTCUT = re.compile(r"[a-z0-9_\-]{1,32}")
SHORTCUT_RULE = "use letters a-z, digits, hyphens and underscores only"


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if len(text.encode()) > MAX_REPLY_BYTES:
        raise ValueError(f"must not be longer than {MAX_REPLY_BYTES} bytes of UTF-8")
    return check_placeholders(text, SAVED_REPLY_PLACEHOLDERS)


_Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_NAME_LENGTH, pattern=r"^[^\x00]+$"
    ),
]
_Shortcut = Annotated[
    str,
    StringConstraints(pattern=rf"^({SHORTCUT.pattern})?$"),
    Field(description="What to type after `/` in the composer; empty for none."),
]
_Text = Annotated[
    Words,
    AfterValidator(_text),
    Field(description="May hold {name}, {first_name} and {agent}."),
]


class SavedReplyBody(RequestBody):
    """A new saved reply."""

    name: _Name
    shortcut: _Shortcut = ""
    text: _Text
    upload: UploadId | None = Field(
        None, description="The ID of an upload that is sent with it, as a message after the text."
    )


class SavedReplyPatch(RequestBody):
    """The changes to a saved reply."""

    name: _Name | None = None
    shortcut: _Shortcut | None = None
    text: _Text | None = None
    upload: UploadId | None = Field(
        None, description="The ID of an upload that replaces its file; null removes its file."
    )


class SavedReplyPath(SchemaModel):
    """The saved reply in the path."""

    reply_id: str = Field(description="ID of the saved reply.")


class SavedReplyShape(ResponseModel):
    """A text that operators send often."""

    id: int
    name: str
    shortcut: str | None
    text: str
    file: AttachedFileShape | None
    """The file that is sent with it."""


class SavedRepliesShape(ResponseModel):
    """All saved replies, sorted by name."""

    items: tuple[SavedReplyShape, ...]


class SavedReplyRemovedShape(ResponseModel):
    """A removed saved reply."""

    id: int
    removed: bool
