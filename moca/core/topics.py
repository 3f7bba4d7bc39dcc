from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

OTHER = "other"
"""The topic of a reply that names none; it is always there."""

MAX_TOPIC_LENGTH = 60


class Mode(StrEnum):
    """How far the bot is trusted to answer."""

    AUTO = "auto"
    """The reply is sent at once."""
    DELAY = "delay"
    """It is held for a while, and sent unless a teammate objects."""
    DRAFT = "draft"
    """It is held until a teammate approves or discards it."""
    OFF = "off"
    """The bot does not answer; the conversation waits for the team."""


BeginningMode = Literal["auto", "draft"]
"""How replies of a new bot begin: sent at once, or as drafts."""


@dataclass(frozen=True, slots=True)
class TopicMode:
    """A mode, with how long `DELAY` holds a reply."""

    mode: Mode = Mode.AUTO
    delay: timedelta = timedelta(0)

    @property
    def holds(self) -> bool:
        """Whether replies are held."""
        return self.mode in (Mode.DELAY, Mode.DRAFT)

    def release_at(self, held_at: datetime) -> datetime | None:
        """Return when a held reply is sent by itself; None if it waits for approval."""
        return held_at + self.delay if self.mode is Mode.DELAY else None


AUTO = TopicMode()


@dataclass(frozen=True, slots=True)
class TopicModes:
    """The mode of each topic; one that is not listed has that of `other`."""

    modes: Mapping[str, TopicMode] = field(default_factory=dict)

    def of(self, topic: str | None) -> TopicMode:
        """Return the mode of a topic; None is `other`."""
        return self.modes.get(topic or OTHER) or self.modes.get(OTHER, AUTO)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the topics from which a model chooses, `other` last."""
        return (*(name for name in self.modes if name != OTHER), OTHER)

    def without_review(self) -> "TopicModes":
        """Return the modes with nothing held, for a rehearsal that no teammate attends."""
        return TopicModes({name: AUTO if each.holds else each for name, each in self.modes.items()})


def check_topic(name: str) -> str:
    """Return a topic's name.

    Raises:
        ValueError: If it is empty, long, not in lower case, or has spaces around it.
    """
    if not 0 < len(name) <= MAX_TOPIC_LENGTH or not name.isprintable():
        raise ValueError(f"a topic is a name of 1 to {MAX_TOPIC_LENGTH} characters")
    if name != name.strip().lower():
        raise ValueError("a topic is in lower case, without spaces around it")
    return name
