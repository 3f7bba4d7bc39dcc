from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.types import ContactKey, MadeBy, Role


class GenerationError(Exception):
    """Raised if no reply could be made; its text is shown, so it must not quote a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMessage:
    """An earlier message of the conversation, of either side."""

    role: Role
    text: str = field(repr=False)
    """Empty if it was not text, such as a picture."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """The input of a reply generator."""

    contact: ContactKey
    inputs: tuple[Inbound, ...] = field(repr=False)
    """The messages to answer, in the order received; at least one."""
    now: datetime
    """When the reply is requested."""
    attempt: int = 1
    """Counts from 1; higher after a failed attempt."""
    contact_name: str | None = field(default=None, repr=False)
    """The contact's own name; None if Instagram did not provide it."""
    history: tuple[HistoryMessage, ...] = field(default=(), repr=False)
    """The last messages of both sides before the inputs, oldest first: `needs_history` at most."""


@dataclass(frozen=True, slots=True)
class GeneratedReply:
    """A reply to send; `by` says briefly who made it and why, for the journey."""

    content: Content
    by: str = ""
    is_sample: bool = False
    """Whether it stands for a reply that would differ each time."""
    rule: str | None = None
    """The name of the rule that it follows."""
    topic: str | None = None
    """What it is about; None is `other`."""
    made_by: MadeBy | None = None
    """Filled in by the chain."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A teammate should take over; without `content` the contact gets the text of the settings."""

    because: str
    content: Content | None = None
    rule: str | None = None
    """The name of the rule that asks for it."""
    made_by: MadeBy | None = None
    """Filled in by the chain."""


@dataclass(frozen=True, slots=True)
class NoReply:
    """No reply: the next generator is asked, and after the last one nothing is sent."""

    because: str


Reply = Content | GeneratedReply | HandOver | NoReply
"""The result of a generator; a bare `Content` is a `GeneratedReply` without an explanation."""


@runtime_checkable
class ReplyGenerator(Protocol):
    """Makes replies. One instance serves every conversation, from several threads at once.

    A generator without history and with `needs_name = False` saves a database query. One whose
    text a language model writes has `is_ai = True`.
    """

    @property
    def needs_history(self) -> int:
        """Return how many messages before the inputs `reply` needs; 0 for none."""
        ...

    def reply(self, request: ReplyRequest) -> Reply:
        """Make a reply; its explanation must not quote what the contact wrote.

        Called on a thread that may block. The caller enforces the timeout and ignores a late
        answer, so a generator need not time out by itself. It must not matter how often this is
        called: an attempt may be repeated after a crash.

        Raises:
            GenerationError: If there is no reply. Any other exception means a bug, with the same
                effect.
        """
        ...


class BadGenerator(Exception):  # noqa: N818 - the name states the error
    """Raised if a generator cannot be built from its settings; names every problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
