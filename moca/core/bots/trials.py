from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from moca.core.content.content import Content
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
    earlier: tuple[str, ...] = field(default=(), repr=False)
    """What the contact wrote just before, to be answered together with it."""
    contact_name: str = field(default="", repr=False)
    at: datetime | None = None
    """When it is written, in the business hours' zone if it names none; None for now."""
    variant: int = 1
    """Which of several answers of a rule is taken, in an order that only the rule knows."""


class PassedOver(NamedTuple):
    """A generator or rule that does not make the reply."""

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
    content: Content | None = field(default=None, repr=False)
    """None if there is none, or if its generator was not asked."""
    why: str
    passed_over: tuple[PassedOver, ...] = ()
    hands_over: bool = False
    """Whether the conversation is handed over to the team."""
    is_unasked: bool = False
    """Whether its generator would be asked, and was not because that may cost money."""

    @property
    def reply(self) -> str | None:
        """The text of the content; None if there is none."""
        return (self.content.text or None) if self.content is not None else None

    @property
    def is_silent(self) -> bool:
        """Whether the contact gets nothing."""
        return self.mode is Mode.OFF or (self.content is None and not self.is_unasked)
