from dataclasses import dataclass, field
from typing import Protocol

from moca.core.contact import ContactKey
from moca.core.snapshot import Inbound


class GenerationError(Exception):
    """Raised where a generator could make no reply; its text is shown, so it quotes no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """What a reply is to be made of; what a later generator needs besides is added here."""

    contact: ContactKey
    inputs: tuple[Inbound, ...] = field(repr=False)
    """The messages to answer, in the order received; at least one."""
    attempt: int = 1
    """Counts from 1; higher where an earlier attempt failed."""


class ReplyGenerator(Protocol):
    """Makes replies. One generator serves every conversation, from several threads at once."""

    def reply(self, request: ReplyRequest) -> str:
        """Make the text that answers a request; never empty.

        Called on a thread that may block. The caller keeps the time and forgets an answer that
        comes too late, so a generator of its own accord need not end. Nothing may depend on how
        often it is called: an attempt may be repeated after a crash.

        Raises:
            GenerationError: there is no reply. Anything else raised means a fault, and the same.
        """
        ...
