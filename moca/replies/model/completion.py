from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from moca.core.types import Role
from moca.replies.generator import GenerationError


class Reason(StrEnum):
    """Why a model wants a person; these words alone, since its own could quote the contact."""

    ASKED_FOR_PERSON = "asked_for_person"
    COMPLAINT = "complaint"
    CANNOT_ANSWER = "cannot_answer"
    SENSITIVE = "sensitive"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said; sides alternate, and the contact begins and ends."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked."""

    system: str = field(repr=False)
    turns: tuple[Turn, ...] = field(repr=False)
    may_hand_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered."""

    text: str = field(repr=False)
    wants_person: Reason | None = None
    is_refusal: bool = False
    is_cut: bool = False
    """Whether it broke off for want of tokens."""


class ModelFault(GenerationError):  # noqa: N818 - it reads as what it is
    """Raised where a model's server gave no answer that can be used; quotes nothing of it."""

    def __init__(self, because: str, *, again: bool, rest: timedelta | None = None) -> None:
        super().__init__(because)
        self.again = again
        """Whether asking once more at once may help."""
        self.rest = rest
        """How long the server wants to be left alone; None where it did not say."""


class ModelClient(Protocol):
    """Speaks one protocol with one server; safe to use from several threads."""

    def complete(self, question: Question) -> Completion:
        """Ask, and wait for the answer.

        Raises:
            ModelFault: there is no answer that can be used.
        """
        ...


TOOL = "hand_over"
TOOL_DESCRIPTION = "Hand the conversation to a person. Write what to tell the contact as your text."
TOOL_PARAMETERS: dict[str, object] = {
    "type": "object",
    "properties": {"reason": {"type": "string", "enum": [reason.value for reason in Reason]}},
    "required": ["reason"],
}


def reason_of(told: object) -> Reason:
    """Read the reason that a model gave with the tool; `OTHER` for anything not offered."""
    given = told.get("reason") if isinstance(told, dict) else None
    return next((reason for reason in Reason if reason.value == given), Reason.OTHER)


def joined(parts: Sequence[str]) -> str:
    """Join what a model said in several parts."""
    return "\n".join(part.strip() for part in parts if part.strip())
