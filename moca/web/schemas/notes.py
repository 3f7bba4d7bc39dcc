from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody
from moca.web.schemas.responses import ResponseModel

MAX_NOTE_LENGTH = 4_000


def _note_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("must not be blank")
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    text.encode()
    return text


class NoteBody(RequestBody):
    """A new note."""

    text: Annotated[str, Field(max_length=MAX_NOTE_LENGTH), AfterValidator(_note_text)] = Field(
        description="`@` and a user's name mentions them, in whatever case."
    )


class NotePath(SchemaModel):
    """The note in the path."""

    conversation_id: str = Field(description="ID of the conversation.")
    note_id: str = Field(description="ID of the note.")


class NoteShape(ResponseModel):
    """A note on a conversation; contacts never see it."""

    id: str
    author: str = Field(description="Name of the user, `token` for the API token, or `link`.")
    text: str
    mentions: tuple[str, ...] = Field(description="Names of the users that it mentions, sorted.")
    created_at: AwareDatetime


class NotesShape(ResponseModel):
    """The latest 100 notes on a conversation, oldest first."""

    items: tuple[NoteShape, ...]


class NoteRemovedShape(ResponseModel):
    """A removed note."""

    id: str
    removed: bool
