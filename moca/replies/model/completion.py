from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from moca.core.types import Role
from moca.replies.generator import GenerationError


class StopReason(StrEnum):
    """Why a model asks for a teammate; fixed words, since its own could quote the contact."""

    ASKED_FOR_PERSON = "asked_for_person"
    COMPLAINT = "complaint"
    CANNOT_ANSWER = "cannot_answer"
    SENSITIVE = "sensitive"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """A message of one side; sides alternate, and the contact begins and ends."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """The input of a model call."""

    system: str = field(repr=False)
    turns: tuple[ModelTurn, ...] = field(repr=False)
    may_hand_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The answer of a model."""

    text: str = field(repr=False)
    wants_person: StopReason | None = None
    is_refusal: bool = False
    is_cut: bool = False
    """Whether it reached the token limit."""


class ModelFault(GenerationError):  # noqa: N818 - the name states the error
    """Raised if a model's server gave no usable answer; its text quotes nothing of it."""

    def __init__(self, because: str, *, again: bool, rest: timedelta | None = None) -> None:
        super().__init__(because)
        self.again = again
        """Whether an immediate retry may succeed."""
        self.rest = rest
        """How long the server asks to wait; None if it did not say."""


class ModelClient(Protocol):
    """A client of one API on one server; thread-safe."""

    def complete(self, question: ModelRequest) -> Completion:
        """Call the model and wait for the answer.

        Raises:
            ModelFault: If there is no usable answer.
        """
        ...


TOOL = "hand_over"
TOOL_DESCRIPTION = "Hand the conversation to a person. Write what to tell the contact as your text."
TOOL_PARAMETERS: dict[str, object] = {
    "type": "object",
    "properties": {"reason": {"type": "string", "enum": [reason.value for reason in StopReason]}},
    "required": ["reason"],
}


def reason_of(details: object) -> StopReason:
    """Return the reason that a model gave to the tool; `OTHER` for an unknown one."""
    given = details.get("reason") if isinstance(details, dict) else None
    return next((reason for reason in StopReason if reason.value == given), StopReason.OTHER)


def joined(parts: Sequence[str]) -> str:
    """Join the parts of a model's answer."""
    return "\n".join(part.strip() for part in parts if part.strip())
