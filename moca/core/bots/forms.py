from enum import StrEnum
from typing import NamedTuple

RULES_FIELD = "rule"


class FieldKind(StrEnum):
    """How a field of a bot's form is filled in."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    """Separated by commas."""
    BOX = "box"
    CHOICE = "choice"
    TOML = "toml"


class BotField(NamedTuple):
    """A field of a bot's form."""

    path: str
    label: str
    kind: FieldKind
    value: str
    """As it is filled in; of a box "1" or empty."""
    choices: tuple[str, ...] = ()


class BotFieldGroup(NamedTuple):
    """Fields of a bot's form that belong together."""

    title: str
    fields: tuple[BotField, ...]
