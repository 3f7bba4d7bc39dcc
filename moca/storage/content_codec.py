from dataclasses import replace
from functools import cache

from pydantic import TypeAdapter

from moca.core.content.attachments import Received
from moca.core.content.content import Content
from moca.storage.db.fields import storable

REACTION = "reaction"
"""The kind of a row that is no message but a sign put on one."""


@cache
def _shape() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


def storable_content(content: Content) -> Content:
    """Replace in the text what a database refuses."""
    return replace(content, text=storable(content.text))


def written(content: Content) -> str | None:
    """Write what goes with the text as JSON; None where there is only text."""
    beside = replace(content, text="")
    if beside == Content():
        return None
    return storable(_shape().dump_json(beside, exclude_defaults=True).decode())


def read_content(text: str, stored: str | None) -> Content:
    """Read back what `written` wrote beside the text."""
    if stored is None:
        return Content(text=text)
    return replace(_shape().validate_json(stored), text=text)


def kind_of(content: Content) -> str:
    """Tell a message from what is none."""
    return "message" if content.reaction is None else REACTION


def type_of(content: Content) -> str:
    """Name what kind of message it is, as the messages of contacts are named."""
    if content.media is not None:
        return content.media.type
    if content.is_heart:
        return "like_heart"
    if content.reaction is not None:
        return REACTION
    return "template" if content.cards or content.buttons else "text"


@cache
def _received_shape() -> TypeAdapter[Received]:
    return TypeAdapter(Received)


def written_received(received: Received | None) -> str | None:
    """Write what came with a contact's text as JSON; None for nothing."""
    if received is None:
        return None
    return storable(_received_shape().dump_json(received, exclude_defaults=True).decode())


def read_received(stored: str | None) -> Received | None:
    """Read back what `written_received` wrote."""
    return None if stored is None else _received_shape().validate_json(stored)
