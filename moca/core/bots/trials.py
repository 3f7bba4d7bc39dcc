from dataclasses import dataclass, field
from typing import NamedTuple

from moca.core.topics import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMessage:
    """A contact's message that a bot is tried with."""

    text: str = field(repr=False)
    """Of a postback or quick reply also the payload."""
    kind: str = "message"
    """An event as rules name them."""
    language: str = ""
    """Of the answer, where the text shows none; empty for the bot's."""
    calls_model: bool = False
    """Whether generators are asked that cost money."""


class PassedOver(NamedTuple):
    """A generator that made no reply."""

    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReply:
    """What a bot would do with a message now."""

    generator: str | None = None
    """None if the bot would decide without any, such as outside its hours."""
    rule: str | None = None
    topic: str | None = None
    mode: Mode = Mode.AUTO
    """Whether the reply would be held."""
    reply: str | None = field(default=None, repr=False)
    """The text; None if there is none, or if its generator was not asked."""
    why: str
    passed_over: tuple[PassedOver, ...] = ()
