from enum import StrEnum
from typing import NamedTuple

RULES_FIELD = "rule"
"""All rules as TOML, in place of a form for each."""
RULE_ORDER_FIELD = "rules"
"""The numbers of the rules in their order, one value for each."""


class FieldKind(StrEnum):
    """How a field of a bot's form is filled in."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    """Separated by commas."""
    LINES = "lines"
    """One in each line."""
    BOX = "box"
    BOXES = "boxes"
    """Several of the choices; separated by commas."""
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
    place: str = ""
    """Where the document has it, if that is not its path: its faults name that place."""


class BotFieldGroup(NamedTuple):
    """Fields of a bot's form that belong together."""

    title: str
    fields: tuple[BotField, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filled in."""
        return not any(field.value for field in self.fields)


class BotRuleForm(NamedTuple):
    """A rule of a bot's form."""

    number: int
    path: str
    title: str
    written: str
    """Its TOML, which keeps what the fields do not express."""
    groups: tuple[BotFieldGroup, ...]


class BotForm(NamedTuple):
    """A bot's document as a form."""

    groups: tuple[BotFieldGroup, ...]
    rules: tuple[BotRuleForm, ...] | None
    """None if there are too many for forms, or some cannot be read; they are TOML then."""
    rules_text: BotField

    @property
    def fields(self) -> tuple[BotField, ...]:
        """Return all its fields."""
        groups = [*self.groups, *(group for rule in self.rules or () for group in rule.groups)]
        return (self.rules_text, *(field for group in groups for field in group.fields))
