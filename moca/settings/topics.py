import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict

from moca.settings.section import Section

_DELAY = re.compile(r"delay ([1-9]\d{0,3}) minutes?")
_MODES = ("auto", "draft", "off")


def _mode(text: str) -> str:
    if text not in _MODES and delay_minutes(text) is None:
        raise ValueError('"auto", "draft", "off", or a delay such as "delay 10 minutes"')
    return text


TopicModeText = Annotated[str, AfterValidator(_mode)]


class Topics(Section):
    """How far the bot is trusted, topic by topic."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, TopicModeText]

    other: TopicModeText = "auto"
    """For every reply whose topic is not listed here. "auto": sent at once. "delay 10 minutes":
    held that long, then sent unless a teammate objects. "draft": held until a teammate approves it.
    "off": not answered, the conversation waits for the team. Add a line for each topic of your
    rules, and for each that the model may choose, for example prices = "draft".
    """

    @property
    def modes(self) -> dict[str, str]:
        """Return the mode of each topic, as it is written."""
        return {**(self.model_extra or {}), "other": self.other}


def delay_minutes(text: str) -> int | None:
    """Return the minutes of a delay, or None if the mode is no delay."""
    found = _DELAY.fullmatch(text)
    return int(found[1]) if found else None
