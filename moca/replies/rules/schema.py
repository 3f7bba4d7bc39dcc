"""The shape of a rules file; unknown keys are an error."""

from collections.abc import Mapping
from typing import Annotated, Self

import regex
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from moca.core.content.placeholders import check_placeholders
from moca.core.topics import check_topic
from moca.replies.rules.rule_input import check_event

ANY_LANGUAGE = ""


def _per_language(value: object) -> object:
    if isinstance(value, dict):
        return {language: _listed(each) for language, each in value.items()}
    return {ANY_LANGUAGE: _listed(value)}


def _listed(value: object) -> object:
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
Topic = Annotated[str, AfterValidator(check_topic)]
Event = Annotated[str, AfterValidator(check_event)]
PerLanguage = BeforeValidator(_per_language)


class RulesModel(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QuickReplySchema(RulesModel):
    """A short answer to tap; without a payload the title comes back."""

    title: str
    payload: str = ""


class ButtonSchema(RulesModel):
    """Opens a URL or comes back as a postback."""

    title: str
    url: str | None = None
    payload: str | None = None


class CardSchema(RulesModel):
    """An element of a generic template."""

    title: str
    subtitle: str = ""
    image_url: str | None = None
    url: str | None = None
    buttons: tuple[ButtonSchema, ...] = ()


class MediaSchema(RulesModel):
    """Media that Instagram fetches from a public URL."""

    type: str
    url: str


class RuleSchema(RulesModel):
    """A rule's conditions and content; whether Instagram would accept it is not checked here."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    on: Annotated[tuple[Event, ...], BeforeValidator(_listed)] = ("message", "postback")
    keywords: Annotated[dict[str, tuple[Filled, ...]], PerLanguage] = {}
    patterns: Annotated[dict[str, tuple[Pattern, ...]], PerLanguage] = {}
    exclude: Annotated[tuple[Filled, ...], BeforeValidator(_listed)] = ()
    payloads: Annotated[tuple[Filled, ...], BeforeValidator(_listed)] = ()
    answers: Annotated[dict[str, tuple[Answer, ...]], PerLanguage] = {}
    quick_replies: tuple[QuickReplySchema, ...] = ()
    buttons: tuple[ButtonSchema, ...] = ()
    cards: tuple[CardSchema, ...] = ()
    media: MediaSchema | None = None
    hand_over: bool = False
    at_once: bool = False
    topic: Topic | None = None

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not self.on:
            raise ValueError("on is empty: the rule would never match")
        if not (any(self.answers.values()) or self.cards or self.media or self.hand_over):
            raise ValueError("has no content: add answers, cards, media or hand_over = true")
        if (self.quick_replies or self.buttons) and not any(self.answers.values()):
            raise ValueError("quick_replies and buttons need a text: add answers")
        return self


class RulesSchema(RulesModel):
    """A whole file; the first matching rule wins."""

    language: str = ANY_LANGUAGE
    """The reply's language if the input does not show one; otherwise the first one given."""
    rule: tuple[RuleSchema, ...] = ()


TABLES: Mapping[str, type[RulesModel]] = {
    "": RulesSchema,
    "rule": RuleSchema,
    "quick_replies": QuickReplySchema,
    "buttons": ButtonSchema,
    "cards": CardSchema,
    "media": MediaSchema,
}
"""The tables by path, to list the known keys of each."""
