from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from moca.core.types import ContactKey
from moca.instagram.sandbox.ids import conversation_id

_THREADS_KEPT = 100_000
_MESSAGES_KEPT = 500


@dataclass(frozen=True, slots=True)
class SandboxMessage:
    """A message as the contact and the account see it in the app."""

    mid: str
    sender: Literal["contact", "account"]
    text: str = field(repr=False)
    at: datetime
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Content beside its text, in the shape of a webhook."""
    edits: int = 0
    reaction: str = ""
    """The contact's reaction."""


@dataclass(frozen=True, slots=True)
class SandboxContact:
    """A contact of the account."""

    psid: str
    name: str
    last_at: datetime


@dataclass(slots=True)
class SandboxThread:
    """The newest messages between one contact and one account."""

    contact: ContactKey
    name: str | None = None
    contact_wrote_at: datetime | None = None
    last_at: datetime | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    """The account's reactions, by message id."""
    messages: deque[SandboxMessage] = field(default_factory=lambda: deque(maxlen=_MESSAGES_KEPT))

    @property
    def shown_name(self) -> str:
        """Return the contact's name, or their id if they have none."""
        return self.name or self.contact.psid

    def add(self, message: SandboxMessage) -> None:
        """Append a message."""
        self.messages.append(message)
        self.last_at = message.at
        if message.sender == "contact":
            self.contact_wrote_at = message.at

    def edit(self, mid: str, text: str) -> int:
        """Change a message's text; return the number of the edit."""
        for place, message in self._places(mid):
            self.messages[place] = replace(message, text=text, edits=message.edits + 1)
            return message.edits + 1
        return 1

    def set_reaction(self, mid: str, reaction: str) -> None:
        """Set the contact's reaction to a message; an empty one removes it."""
        for place, message in self._places(mid):
            self.messages[place] = replace(message, reaction=reaction)

    def remove(self, mid: str) -> None:
        """Remove a message without a trace."""
        kept = [message for message in self.messages if message.mid != mid]
        self.messages.clear()
        self.messages.extend(kept)

    def _places(self, mid: str) -> list[tuple[int, SandboxMessage]]:
        return [(n, message) for n, message in enumerate(self.messages) if message.mid == mid]


class SandboxThreads:
    """All threads; when there are too many, the longest inactive one is dropped."""

    def __init__(self) -> None:
        self._by_contact: OrderedDict[ContactKey, SandboxThread] = OrderedDict()
        self._by_conversation: dict[str, SandboxThread] = {}

    def __iter__(self) -> Iterator[SandboxThread]:
        """Iterate over the threads, the one with the newest message first."""
        return reversed(self._by_contact.values())

    def find(self, contact: ContactKey) -> SandboxThread | None:
        """Return the contact's thread, or None."""
        return self._by_contact.get(contact)

    def find_conversation(self, conversation: str) -> SandboxThread | None:
        """Find a thread by its conversation's id."""
        return self._by_conversation.get(conversation)

    def open(self, contact: ContactKey) -> SandboxThread:
        """Return the contact's thread, created if needed, and mark it as the newest."""
        thread = self._by_contact.get(contact)
        if thread is None:
            thread = self._by_contact[contact] = SandboxThread(contact)
            self._by_conversation[conversation_id(contact)] = thread
            self._forget_the_oldest()
        self._by_contact.move_to_end(contact)
        return thread

    def _forget_the_oldest(self) -> None:
        while len(self._by_contact) > _THREADS_KEPT:
            contact, _ = self._by_contact.popitem(last=False)
            del self._by_conversation[conversation_id(contact)]
