import re
from collections.abc import Iterable
from typing import NamedTuple

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
