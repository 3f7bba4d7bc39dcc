from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from moca.core.content.content import Content
from moca.core.types import Author, ContactKey, Priority


class Kind(StrEnum):
    """For what Instagram has limits of their own."""

    TEXT = "text"
    """And all else that is no media."""
    MEDIA = "media"
    PRIVATE_REPLY = "private_reply"


class Channel(NamedTuple):
    """Of what one limit holds: what an account sends of one kind."""

    account_id: str
    kind: Kind = Kind.TEXT

    @property
    def name(self) -> str:
        """How it is stored."""
        return f"{self.kind}:{self.account_id}"

    @classmethod
    def named(cls, name: str) -> "Channel":
        """Read a stored one; a row from before channels were stored has none that counts."""
        kind, _, account_id = name.partition(":")
        return cls(account_id, Kind(kind or Kind.TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a reply is addressed, beside to whom."""

    comment_id: str | None = None
    """Of the comment it answers in private, which Instagram allows once."""
    is_late: bool = False
    """Sent by a person after the 24 h window, as a human agent may."""


DIRECT = Way()
"""Into the conversation, within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedReply:
    """A reply on its way out: one row of the queue as the sender sees it."""

    item_id: int
    """Also the order of queueing: a later item has a higher id."""
    message_id: int
    conversation_id: int
    contact: ContactKey
    content: Content
    author: Author = Author.BOT
    priority: Priority = Priority.NORMAL
    scheduled_for: datetime
    """Not before this instant; after a failed attempt, not before the next one."""
    attempts: int = 0
    """Calls already started for it."""
    way: Way = DIRECT
    unconfirmed_since: datetime | None = None
    """When the first call began that may have delivered it; None while none may have."""
    channel: Channel = field(init=False, repr=False, compare=False)
    """Whose limits it is under; asked for so often that it is worked out once."""

    def __post_init__(self) -> None:
        channel = channel_of(self.contact.account_id, self.content, self.way.comment_id)
        object.__setattr__(self, "channel", channel)


def channel_of(account_id: str, content: Content, comment_id: str | None) -> Channel:
    """Return whose limits a reply of an account is under."""
    if comment_id is not None:
        return Channel(account_id, Kind.PRIVATE_REPLY)
    return Channel(account_id, Kind.TEXT if content.media is None else Kind.MEDIA)
