"""The shape of a rules file; what it does not know is an error."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import regex
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from moca.replies.rules.placeholders import check_placeholders
from moca.replies.rules.rule_input import check_event

ANY_LANGUAGE = ""


def _per_language(value: Any) -> Any:
    if isinstance(value, dict):
        return {language: _listed(each) for language, each in value.items()}
    return {ANY_LANGUAGE: _listed(value)}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _compiles(pattern: str) -> str:
    try:
        regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Filled = Annotated[str, Field(pattern=r"\S")]
Answer = Annotated[Filled, AfterValidator(check_placeholders)]
Pattern = Annotated[Filled, AfterValidator(_compiles)]
Event = Annotated[str, AfterValidator(check_event)]
PerLanguage = BeforeValidator(_per_language)


class Shape(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QuickReplyShape(Shape):
    """A short answer to tap; without a payload the title comes back."""

    title: str
    payload: str = ""


class ButtonShape(Shape):
    """Opens an address or comes back as a postback."""

    title: str
    url: str | None = None
    payload: str | None = None


class CardShape(Shape):
    """An element of a generic template."""

    title: str
    subtitle: str = ""
    image_url: str | None = None
    url: str | None = None
    buttons: tuple[ButtonShape, ...] = ()


class MediaShape(Shape):
    """What Instagram fetches from a public address."""

    type: str
    url: str


class RuleShape(Shape):
    """When, and what then; whether Instagram would take it is not checked here."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    on: Annotated[tuple[Event, ...], BeforeValidator(_listed)] = ("message", "postback")
    keywords: Annotated[dict[str, tuple[Filled, ...]], PerLanguage] = {}
    patterns: Annotated[dict[str, tuple[Pattern, ...]], PerLanguage] = {}
    payloads: Annotated[tuple[Filled, ...], BeforeValidator(_listed)] = ()
    answers: Annotated[dict[str, tuple[Answer, ...]], PerLanguage] = {}
    quick_replies: tuple[QuickReplyShape, ...] = ()
    buttons: tuple[ButtonShape, ...] = ()
    cards: tuple[CardShape, ...] = ()
    media: MediaShape | None = None
    hand_over: bool = False
    at_once: bool = False

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not self.on:
            raise ValueError("on is empty: nothing would ever fit")
        if not (any(self.answers.values()) or self.cards or self.media or self.hand_over):
            raise ValueError("says nothing: give it answers, cards, media or hand_over = true")
        if (self.quick_replies or self.buttons) and not any(self.answers.values()):
            raise ValueError("quick_replies and buttons stand under a text: give it answers")
        return self


class RulesShape(Shape):
    """A whole file; the first rule that fits is taken."""

    language: str = ANY_LANGUAGE
    """Of the answer where what was written does not tell; otherwise the first one given."""
    rule: tuple[RuleShape, ...] = ()


TABLES: Mapping[str, type[Shape]] = {
    "": RulesShape,
    "rule": RuleShape,
    "quick_replies": QuickReplyShape,
    "buttons": ButtonShape,
    "cards": CardShape,
    "media": MediaShape,
}
"""What stands under each key, to say which keys are known there."""
