from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from moca.core.content.content import Content
from moca.core.types import Author, ContactKey, Priority


class ReplyKind(StrEnum):
    """The kinds of replies that have Instagram limits of their own."""

    TEXT = "text"
    """Everything that is neither media nor a private reply."""
    MEDIA = "media"
    PRIVATE_REPLY = "private_reply"


class Channel(NamedTuple):
    """The replies of one kind from one account, which share a limit."""

    account_id: str
    kind: ReplyKind = ReplyKind.TEXT

    @property
    def name(self) -> str:
        """The form in which a channel is stored."""
        return f"{self.kind}:{self.account_id}"

    @classmethod
    def named(cls, name: str) -> "Channel":
        """Parse a stored name. Rows from before channels were stored have an empty one."""
        kind, _, account_id = name.partition(":")
        return cls(account_id, ReplyKind(kind or ReplyKind.TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """How a reply reaches its contact."""

    comment_id: str | None = None
    """The comment it answers in private; Instagram allows one private reply per comment."""
    is_late: bool = False
    """Whether an operator sends it after the 24 h window, with the human agent tag."""


DIRECT = ReplyAddress()
"""A message in the conversation, within the reply window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedReply:
    """A reply to be sent: one row of the outbox as the sender sees it."""

    item_id: int
    """Also the order of queueing: later items have higher ids."""
    message_id: int
    conversation_id: int
    contact: ContactKey
    content: Content
    author: Author = Author.BOT
    priority: Priority = Priority.NORMAL
    scheduled_for: datetime
    """The earliest time to send it or, after a failed attempt, to try again."""
    attempts: int = 0
    """The number of calls started for it."""
    way: ReplyAddress = DIRECT
    unconfirmed_since: datetime | None = None
    """When the first call began that may have delivered it; None if there was none."""
    channel: Channel = field(init=False, repr=False, compare=False)
    """The channel whose limits apply; read so often that it is computed once."""

    def __post_init__(self) -> None:
        channel = channel_of(self.contact.account_id, self.content, self.way.comment_id)
        object.__setattr__(self, "channel", channel)


def channel_of(account_id: str, content: Content, comment_id: str | None) -> Channel:
    """Return the channel whose limits apply to a reply."""
    if comment_id is not None:
        return Channel(account_id, ReplyKind.PRIVATE_REPLY)
    return Channel(account_id, ReplyKind.TEXT if content.media is None else ReplyKind.MEDIA)


@dataclass(slots=True)
class Call:
    """A call under way, as the sender tracks it."""

    reply: QueuedReply
    started_at: datetime
    is_settled: bool = False
    """An echo or an operator settled it while the call was still under way."""
