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
    """A message as the person and the account see it in their app."""

    mid: str
    sender: Literal["contact", "account"]
    text: str = field(repr=False)
    at: datetime
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What goes with its text, as a webhook tells it."""
    edits: int = 0
    sign: str = ""
    """What the person put on it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who talks with the account."""

    psid: str
    name: str
    last_at: datetime


@dataclass(slots=True)
class Thread:
    """What one person and one account wrote to each other, the newest messages of it."""

    contact: ContactKey
    name: str | None = None
    contact_wrote_at: datetime | None = None
    last_at: datetime | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    """By message, the sign that the account put on it."""
    messages: deque[SandboxMessage] = field(default_factory=lambda: deque(maxlen=_MESSAGES_KEPT))

    @property
    def shown_name(self) -> str:
        """The person's name, or their id where they told none."""
        return self.name or self.contact.psid

    def add(self, message: SandboxMessage) -> None:
        """Put a message at the end."""
        self.messages.append(message)
        self.last_at = message.at
        if message.sender == "contact":
            self.contact_wrote_at = message.at

    def edit(self, mid: str, text: str) -> int:
        """Change what a message says; the number of the edit."""
        for place, message in self._places(mid):
            self.messages[place] = replace(message, text=text, edits=message.edits + 1)
            return message.edits + 1
        return 1

    def put_sign(self, mid: str, sign: str) -> None:
        """Have the person put a sign on a message; an empty one takes it off."""
        for place, message in self._places(mid):
            self.messages[place] = replace(message, sign=sign)

    def remove(self, mid: str) -> None:
        """Take a message out, as if it had never been."""
        kept = [message for message in self.messages if message.mid != mid]
        self.messages.clear()
        self.messages.extend(kept)

    def _places(self, mid: str) -> list[tuple[int, SandboxMessage]]:
        return [(n, message) for n, message in enumerate(self.messages) if message.mid == mid]


class Threads:
    """Every thread; the one longest without a message goes when there are too many."""

    def __init__(self) -> None:
        self._by_contact: OrderedDict[ContactKey, Thread] = OrderedDict()
        self._by_conversation: dict[str, Thread] = {}

    def __iter__(self) -> Iterator[Thread]:
        """Go through them, the one with the newest message first."""
        return reversed(self._by_contact.values())

    def find(self, contact: ContactKey) -> Thread | None:
        """Find the thread of a contact."""
        return self._by_contact.get(contact)

    def find_conversation(self, conversation: str) -> Thread | None:
        """Find a thread by its conversation's id."""
        return self._by_conversation.get(conversation)

    def open(self, contact: ContactKey) -> Thread:
        """Find or begin the thread of a contact, and count it as the newest."""
        thread = self._by_contact.get(contact)
        if thread is None:
            thread = self._by_contact[contact] = Thread(contact)
            self._by_conversation[conversation_id(contact)] = thread
            self._forget_the_oldest()
        self._by_contact.move_to_end(contact)
        return thread

    def _forget_the_oldest(self) -> None:
        while len(self._by_contact) > _THREADS_KEPT:
            contact, _ = self._by_contact.popitem(last=False)
            del self._by_conversation[conversation_id(contact)]
