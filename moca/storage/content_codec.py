from dataclasses import replace
from functools import cache

from pydantic import TypeAdapter

from moca.core.content.attachments import ReceivedContent
from moca.core.content.content import Content
from moca.core.types import Author, MadeBy
from moca.storage.db.fields import short, storable

REACTION = "reaction"
"""The kind of rows that hold a reaction, not a message."""


@cache
def _shape() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


def storable_content(content: Content) -> Content:
    """Replace the characters in the text that a database refuses."""
    return replace(content, text=storable(content.text))


def written(content: Content) -> str | None:
    """Return the content beside the text as JSON; None if there is only text."""
    beside = replace(content, text="")
    if beside == Content():
        return None
    return storable(_shape().dump_json(beside, exclude_defaults=True).decode())


def read_content(text: str, stored: str | None) -> Content:
    """Return the content from its text and the JSON of `written`."""
    if stored is None:
        return Content(text=text)
    return replace(_shape().validate_json(stored), text=text)


def kind_of(content: Content) -> str:
    """Return `message`, or `reaction` for content that is not a message."""
    return "message" if content.reaction is None else REACTION


def type_of(content: Content) -> str:
    """Return the type of a message, with the same names as for contacts' messages."""
    if content.media is not None:
        return content.media.type
    if content.is_heart:
        return "like_heart"
    if content.reaction is not None:
        return REACTION
    return "template" if content.cards or content.buttons else "text"


@cache
def _received_shape() -> TypeAdapter[ReceivedContent]:
    return TypeAdapter(ReceivedContent)


def written_received(received: ReceivedContent | None) -> str | None:
    """Return the content beside a contact's text as JSON; None if there is none."""
    if received is None:
        return None
    return storable(_received_shape().dump_json(received, exclude_defaults=True).decode())


def read_received(stored: str | None) -> ReceivedContent | None:
    """Return the content from the JSON of `written_received`."""
    return None if stored is None else _received_shape().validate_json(stored)


def made_by_columns(made_by: MadeBy | None, author: Author) -> tuple[object, ...]:
    """Return generator, rule, whether a model wrote it, topic, bot and version; None for people."""
    if made_by is None:
        return None, None, False if author is Author.BOT else None, None, None, None
    rule = None if made_by.rule is None else storable(made_by.rule)
    topic = None if made_by.topic is None else short(made_by.topic)
    return short(made_by.generator), rule, made_by.is_ai, topic, made_by.bot, made_by.version
