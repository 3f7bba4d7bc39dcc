import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from moca.core.topics import Mode

MAX_BOTS = 100
MAX_DOCUMENT_BYTES = 48_000
"""Fits in the body of an API request."""
BOT_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
BOT_NAME_RULE = "use 1 to 40 letters a-z, digits, hyphens and underscores"


class DocumentFault(NamedTuple):
    """What is wrong with a bot's document."""

    field: str
    """Such as `conversation.debounce_seconds`; `rule` for all rules; empty for the whole text."""
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class BadDocument(Exception):  # noqa: N818 - the name states the error
    """Raised if a document does not describe a bot; has every fault."""

    def __init__(self, faults: Iterable[DocumentFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def fault_of(problem: str) -> DocumentFault:
    """Return the fault of a line such as `conversation.debounce_seconds: must be …`."""
    field, colon, message = problem.partition(": ")
    return DocumentFault(field, message) if colon else DocumentFault("", problem)


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


class BotWorkshop(Protocol):
    """Checks and tries documents of bots on this server."""

    def form_of(self, document: str) -> tuple[BotFieldGroup, ...]:
        """Return the form of a document."""
        ...

    def fill_in(self, document: str, values: Mapping[str, str]) -> str:
        """Return a document with the values of its form, and all else as it was."""
        ...

    def settings_document(self) -> str:
        """Return the document of the bot that the settings file describes."""
        ...

    def faults_of(self, document: str) -> tuple[DocumentFault, ...]:
        """Return what is wrong with a document; empty if it can be published here."""
        ...

    def try_out(self, document: str, message: TrialMessage) -> TrialReply:
        """Return what the bot of a valid document would do with a message; may block."""
        ...
