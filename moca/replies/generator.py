from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.types import ContactKey, Role


class GenerationError(Exception):
    """Raised where a generator could make no reply; its text is shown, so it quotes no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What one side said earlier in the conversation."""

    role: Role
    text: str = field(repr=False)
    """Empty where it was not text, such as a picture."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """What a reply is to be made of."""

    contact: ContactKey
    inputs: tuple[Inbound, ...] = field(repr=False)
    """The messages to answer, in the order received; at least one."""
    now: datetime
    """When the reply is asked for."""
    attempt: int = 1
    """Counts from 1; higher where an earlier attempt failed."""
    contact_name: str | None = field(default=None, repr=False)
    """What the contact calls itself; None where Instagram did not tell."""
    history: tuple[Saying, ...] = field(default=(), repr=False)
    """The last messages of both sides before the inputs, oldest first: `needs_history` at most."""


@dataclass(frozen=True, slots=True)
class Say:
    """Send this; `by` tells in a few words who made it and why, for the journey."""

    content: Content
    by: str = ""
    is_sample: bool = False
    """Whether it stands for a reply that would be different each time."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A person shall take over; without `content` the contact is told what the settings say."""

    because: str
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing to say: the next generator is asked, and after the last one nothing is sent."""

    because: str


Reply = Content | Say | HandOver | NoReply
"""What a generator answers; a bare `Content` is a `Say` that explains nothing."""


@runtime_checkable
class ReplyGenerator(Protocol):
    """Makes replies. One generator serves every conversation, from several threads at once.

    One that needs no history and has `needs_name = False` spares the database a look.
    """

    @property
    def needs_history(self) -> int:
        """How many messages before the inputs `reply` wants to see; 0 for none."""
        ...

    def reply(self, request: ReplyRequest) -> Reply:
        """Answer a request; what it says and why quotes nothing that the contact wrote.

        Called on a thread that may block. The caller keeps the time and forgets an answer that
        comes too late, so a generator of its own accord need not end. Nothing may depend on how
        often it is called: an attempt may be repeated after a crash.

        Raises:
            GenerationError: there is no reply. Anything else raised means a fault, and the same.
        """
        ...
